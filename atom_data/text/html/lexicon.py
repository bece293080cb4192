"""Words that say what a part of a page is for: in class and id, in addresses, in types of structured data. One bit a group."""

from atom_data.text.html.lookup import table_of

CLASS_WORDS = [
    line.split()
    for line in [
        "nav navbar navigation navigator menu menus submenu topnav mainnav dropdown nawigacja nawigacyjne navegacion "
        "navegacao navigazione navigatie menue meniu",
        "sidebar side aside rail complementary seitenleiste",
        "footer foot bottom contentinfo colophon stopka fusszeile rodape patka lablec podval",
        "header head masthead topbar top banner hero naglowek kopfzeile cabecera cabecalho entete hlavicka shapka",
        "breadcrumb breadcrumbs crumb crumbs",
        "share sharing social socials follow facebook twitter pinterest teilen compartir partager compartilhar udostepnij "
        "condividi",
        "related recommended recommendations similar more suggested also upsell crosssell upsells verwandte relacionados "
        "relacionadas relacionado powiazane podobne correlati correlate gerelateerd ilgili",
        "comment comments respond reply replies disqus kommentar kommentare kommentarer komentarz komentarze komentarzy "
        "komentar komentari komentare komentaras comentario comentarios commentaire commentaires commento commenti reactie "
        "reacties yorum yorumlar kommentaari kommentit kommentarii komment opinie otzyv otzyvy",
        "cookie cookies consent gdpr privacy onetrust",
        "ad ads advert advertisement adsense sponsor sponsored promo promotion dfp reklama reklam werbung anzeige anzeigen "
        "publicidad publicidade publicite pubblicita annonce",
        "newsletter subscribe subscription signup mailing optin cta",
        "popup modal overlay lightbox dialog drawer offcanvas tooltip toast",
        "content contents maincontent main entry body article articlebody story text richtext prose rte wysiwyg markdown "
        "inhalt contenido contenu contenuto conteudo inhoud tresc obsah innehall innhold indhold icerik kontent artikel "
        "artigo articolo artykul articulo statya haber texte texto testo tekst",
        "post posts single blog message messages bbcode beitrag",
        "title heading headline titel titulo titre titolo tytul naslov nadpis baslik zagolovok rubrik",
        "author byline bio avatar user username profile autor auteur autore yazar avtor",
        "date time meta metadata published timestamp datum fecha tarih dato",
        "tag tags category categories label labels topics",
        "pagination pager page pages next prev previous",
        "search filter filters facet facets sort sorting refine suche szukaj buscar busca recherche ricerca zoeken hledat "
        "poisk",
        "product products item items card cards tile grid listing results",
        "price prices cart basket checkout buy quantity qty add",
        "review reviews rating ratings stars testimonial testimonials",
        "description desc summary excerpt intro details detail specs spec specification",
        "widget widgets block module",
        "login account register signin logout",
        "toc outline index anchor",
        "tab tabs accordion panel collapse collapsible faq",
        "thread topic forum question answer answers discussion",
        "caption figure image gallery media photo video slider carousel slide swiper",
        "copyright legal terms disclaimer",
        "button btn buttons link links action actions toolbar",
        "hidden hide invisible sr screenreader visually skip noprint print mobile desktop",
        "doc docs document documentation api reference code highlight example",
        "feature features benefits pricing plan plans service services section row column col container wrapper",
    ]
]
URL_WORDS = [
    line.split()
    for line in [
        "forum forums thread threads topic viewtopic t discussion discussions community questions question r comments showthread "
        "post posts",
        "product products p dp item sku shop store buy",
        "category categories collections collection c catalog browse shop list search tag tags",
        "docs doc documentation api reference guide guides manual wiki learn tutorial help",
        "blog blogs news article articles story stories opinion magazine post insights",
        "pricing features solutions services service platform about",
        "jobs courses events directory listing reviews best top",
    ]
]
DATA_TYPES = [
    line.split()
    for line in [
        "Article NewsArticle BlogPosting Report TechArticle",
        "Product ProductGroup Offer AggregateOffer",
        "DiscussionForumPosting QAPage Question Comment Answer",
        "ItemList CollectionPage",
        "WebPage",
        "FAQPage",
        "Organization LocalBusiness",
        "SoftwareApplication WebApplication",
        "Review AggregateRating",
        "BreadcrumbList",
        "Person",
        "JobPosting Event Course Recipe VideoObject",
    ]
]
"""Types of schema.org."""


def _numbered(groups: list[list[str]], *, last: bool = False) -> list[tuple[str, int]]:
    """Return each word with the number of its group; of a word in two groups the first counts, or the last."""
    pairs = [(word, number) for number, group in enumerate(groups) for word in group]
    return pairs[::-1] if last else pairs


CLASS_HASHES, CLASS_GROUPS = table_of(_numbered(CLASS_WORDS))
URL_HASHES, URL_GROUPS = table_of(_numbered(URL_WORDS))
DATA_HASHES, DATA_GROUPS = table_of(_numbered(DATA_TYPES))
