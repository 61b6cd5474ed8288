"""Mail providers whose addresses say nothing about where a person works."""

FREE_MAIL = frozenset(
    """
    aol.com bk.ru bluewin.ch btinternet.com comcast.net daum.net email.com fastmail.com free.fr freenet.de gmail.com
    gmx.at gmx.ch gmx.com gmx.de gmx.net googlemail.com hey.com hotmail.co.uk hotmail.com hotmail.de hotmail.es
    hotmail.fr hotmail.it icloud.com inbox.com laposte.net libero.it list.ru live.com mac.com mail.com mail.ru me.com
    msn.com naver.com orange.fr outlook.com outlook.de outlook.es outlook.fr pm.me posteo.de proton.me protonmail.com
    qq.com rediffmail.com rocketmail.com sfr.fr t-online.de tutanota.com uol.com.br wanadoo.fr web.de yahoo.co.in
    yahoo.co.uk yahoo.com yahoo.de yahoo.es yahoo.fr yahoo.it yandex.com yandex.ru ymail.com zoho.com 126.com 163.com
    """.split()
)
