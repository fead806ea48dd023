package oauth

import "net/url"

// Google is the authorization server of Gmail and Google Workspace. Its device
// codes are not for mail; the scope is the only one that IMAP and SMTP take.
func Google() Client {
	return Client{
		AuthURL:     "https://accounts.google.com/o/oauth2/v2/auth",
		TokenURL:    "https://oauth2.googleapis.com/token",
		WhyNoDevice: "Google gives no access to mail by device code: log in without --device",
		Scopes:      []string{"https://mail.google.com/"},
		// Without these it gives a refresh token only the first time.
		Extra: map[string]string{"access_type": "offline", "prompt": "consent"},
	}
}

// Microsoft is the authorization server of Microsoft 365 and Outlook.com;
// tenant is the directory's id or domain, "" any. It wants the redirect to
// localhost by name, where alone any port will do.
func Microsoft(tenant string) Client {
	if tenant == "" {
		tenant = "common"
	}
	base := "https://login.microsoftonline.com/" + url.PathEscape(tenant) + "/oauth2/v2.0/"
	return Client{
		AuthURL: base + "authorize", TokenURL: base + "token", DeviceURL: base + "devicecode",
		Scopes:   []string{"https://outlook.office.com/IMAP.AccessAsUser.All", "https://outlook.office.com/SMTP.Send", "offline_access"},
		Loopback: "localhost",
	}
}
