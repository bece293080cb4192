"""FineWeb-Edu (Penedo et al. 2024, The FineWeb Datasets, section 4): the pages of FineWeb that teach something.

    atom-data run pipelines/fineweb_edu.py --set fineweb='in/*.parquet' --set model=model.onnx --set tokenizer=tokenizer.json -o edu

The same: the classifier of HuggingFaceFW/fineweb-edu-classifier (Snowflake-arctic-embed-m with one regression output) on the first
512 tokens of each document, kept from a score of 3 on. Not the same, and why:
- The model is an ONNX export of it (davanstrien/fineweb-edu-classifier-onnx, or `optimum-cli export onnx`), in place of torch: it
  runs on CPUs. Scores differ in the fourth digit. No SHA-256 of it is published where we could read it: the first run notes its
  hash in the stage's identity, and `check` shows it; a run with another file makes the stage anew.
- FineWeb is read as `fineweb.py` made it, or as it was downloaded.
"""

from pathlib import Path

from atom_data import Parquet, Stage, keep
from atom_data.signals import OnnxClassifier


def stages(*, fineweb: str, model: Path, tokenizer: Path, max_tokens: int = 512) -> tuple[object, ...]:
    """Score, and keep what teaches."""
    scored = Stage(
        name="scored",
        reads=Parquet(fineweb, source="fineweb"),
        steps=(OnnxClassifier(model=model, tokenizer=tokenizer, max_tokens=max_tokens),),  # model card: 512
        expects=(1.0, 1.0),
    )
    edu = Stage(
        name="edu",
        reads=scored,
        steps=(keep("fineweb_edu"),),  # 3 or more of 5 (section 4; 2 is FineWeb-Edu-score-2)
        expects=(0.04, 0.2),  # 1.3 of 15 T tokens (section 4): 8.7 %
    )
    return (edu,)
