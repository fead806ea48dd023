package debmail

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"text/template"
	"time"
)

// The owner of the mail: Debian's nobody. Dovecot refuses root.
const (
	mailUID = 65534
	mailGID = 65534
)

const dovecotConf = `
protocols = imap lmtp
listen = 127.0.0.1
base_dir = {{.Dir}}/run
state_dir = {{.Dir}}/state
log_path = {{.Dir}}/dovecot.log
ssl = yes
ssl_cert = <{{.Dir}}/cert.pem
ssl_key = <{{.Dir}}/key.pem
disable_plaintext_auth = no
auth_mechanisms = {{if .Introspect}}oauthbearer xoauth2{{else}}plain login{{end}}
auth_username_format = %Lu
auth_failure_delay = 0
first_valid_uid = 1
mail_location = maildir:~/Maildir
mail_save_crlf = yes
mail_max_userip_connections = 100
recipient_delimiter = +
lmtp_save_to_detail_mailbox = no
namespace inbox {
  inbox = yes
}
passdb {
{{- if .Introspect}}
  driver = oauth2
  mechanisms = oauthbearer xoauth2
  args = {{.Dir}}/oauth2.conf
{{- else}}
  driver = passwd-file
  args = scheme=PLAIN {{.Dir}}/users
{{- end}}
}
userdb {
  driver = passwd-file
  args = {{.Dir}}/users
}
service imap-login {
  inet_listener imap {
    port = {{port .IMAPAddr}}
  }
  inet_listener imaps {
    port = {{port .IMAPSAddr}}
    ssl = yes
  }
}
service lmtp {
  unix_listener {{.Dir}}/lmtp {
    mode = 0666
  }
}
service auth {
  unix_listener {{.Dir}}/auth {
    mode = 0666
  }
}
service anvil {
  unix_listener anvil-auth-penalty {
    mode = 0
  }
}
`

const oauth2Conf = `
introspection_url = {{.Introspect}}
introspection_mode = auth
username_attribute = email
active_attribute = active
active_value = true
`

// Postfix looks nothing up, takes mail for the users alone, and has no
// transport that leads outside.
const mainCf = `
compatibility_level = 3.6
queue_directory = {{.Dir}}/spool
data_directory = {{.Dir}}/data
maillog_file_prefixes = {{.Dir}}
maillog_file = {{.Dir}}/postfix.log
myhostname = mail.localhost
mydestination =
mynetworks = 127.0.0.1/32
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
disable_dns_lookups = yes
smtp_dns_support_level = disabled
smtpd_peername_lookup = no
default_transport = error:5.4.1 nothing is sent outside
relay_transport = error:5.4.1 nothing is sent outside
local_transport = error:5.1.1 no local mail
local_recipient_maps =
alias_maps =
alias_database =
virtual_mailbox_domains = {{range .Domains}}{{.}} {{end}}
virtual_mailbox_maps = texthash:{{.Dir}}/vmailbox
virtual_transport = lmtp:unix:{{.Dir}}/lmtp
recipient_delimiter = +
smtpd_relay_restrictions = reject_unauth_destination
smtpd_recipient_restrictions =
smtpd_sasl_auth_enable = yes
smtpd_sasl_type = dovecot
smtpd_sasl_path = {{.Dir}}/auth
smtpd_sasl_security_options = noanonymous
smtpd_tls_security_level = may
smtpd_tls_chain_files = {{.Dir}}/key.pem, {{.Dir}}/cert.pem
smtpd_error_sleep_time = 0
smtpd_client_connection_count_limit = 0
local_header_rewrite_clients =
message_size_limit = 67108864
virtual_mailbox_limit = 0
mailbox_size_limit = 0
in_flow_delay = 0
minimal_backoff_time = 1s
maximal_backoff_time = 2s
queue_run_delay = 1s
biff = no
append_dot_mydomain = no
`

const masterCf = `
{{.SMTPAddr}} inet n - n - - smtpd
{{.SMTPSAddr}} inet n - n - - smtpd -o smtpd_tls_wrappermode=yes
postlog unix-dgram n - n - 1 postlogd
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
flush unix n - n 1000? 0 flush
proxymap unix - - n - - proxymap
error unix - - n - - error
retry unix - - n - - error
lmtp unix - - n - - lmtp
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
`

// configure writes every file that the servers read.
func (s *Server) configure(cfg Config) error {
	if err := os.Chmod(s.Dir, 0o755); err != nil { // the servers' users go through it
		return err
	}
	for _, d := range []string{"run", "state", "postfix", "spool", "mail"} {
		if err := os.Mkdir(s.path(d), 0o755); err != nil {
			return err
		}
	}
	if err := s.certify(cfg.CertEnds); err != nil {
		return err
	}
	var users, boxes strings.Builder
	var domains []string
	for address, password := range cfg.Users {
		address = strings.ToLower(address)
		_, domain, ok := strings.Cut(address, "@")
		if !ok || strings.ContainsAny(address, "/: \t\n") || strings.ContainsAny(password, ":\n") {
			return fmt.Errorf("user %q: an address without slash and colon, a password without colon", address)
		}
		fmt.Fprintf(&users, "%s:%s:%d:%d::%s::\n", address, password, mailUID, mailGID, s.path("mail", address))
		fmt.Fprintf(&boxes, "%s %s\n", address, address)
		domains = append(domains, domain)
		if err := s.newMaildir(address); err != nil {
			return err
		}
	}
	slices.Sort(domains)
	files := []struct {
		name, text string
		mode       os.FileMode
	}{
		{"users", users.String(), 0o644}, // made-up passwords of a test
		{"vmailbox", boxes.String(), 0o644},
		{"dovecot.conf", dovecotConf, 0o644},
		{"oauth2.conf", oauth2Conf, 0o644},
		{"postfix/main.cf", mainCf, 0o644},
		{"postfix/master.cf", masterCf, 0o644},
	}
	fill := struct {
		*Server
		Domains    []string
		Introspect string
	}{s, slices.Compact(domains), cfg.Introspect}
	port := func(addr string) string {
		_, p, _ := net.SplitHostPort(addr)
		return p
	}
	for _, f := range files {
		t, err := template.New(f.name).Funcs(template.FuncMap{"port": port}).Parse(f.text)
		if err != nil {
			return err
		}
		var b strings.Builder
		if err := t.Execute(&b, fill); err != nil {
			return err
		}
		if err := os.WriteFile(s.path(f.name), []byte(b.String()), f.mode); err != nil {
			return err
		}
		if f.name == "postfix/main.cf" {
			s.mainCf = b.String()
		}
	}
	return nil
}

func (s *Server) newMaildir(address string) error {
	box := s.maildir(address)
	for _, sub := range []string{"tmp", "new", "cur"} {
		if err := os.MkdirAll(filepath.Join(box, sub), 0o700); err != nil {
			return err
		}
	}
	return filepath.WalkDir(filepath.Dir(box), func(path string, _ os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		return os.Chown(path, mailUID, mailGID)
	})
}

// certify makes a self-signed certificate for 127.0.0.1 and localhost that
// lasts a day, or until ends.
func (s *Server) certify(ends time.Time) error {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	now := time.Now()
	if ends.IsZero() {
		ends = now.Add(24 * time.Hour)
	}
	cert := &x509.Certificate{
		SerialNumber: big.NewInt(now.UnixNano()),
		Subject:      pkix.Name{CommonName: "localhost"},
		DNSNames:     []string{"localhost"},
		IPAddresses:  []net.IP{net.IPv4(127, 0, 0, 1)},
		NotBefore:    ends.Add(-25 * time.Hour),
		NotAfter:     ends,
		KeyUsage:     x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
		ExtKeyUsage:  []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		IsCA:         true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, cert, cert, &key.PublicKey, key)
	if err != nil {
		return err
	}
	secret, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return err
	}
	if err := os.WriteFile(s.path("key.pem"), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: secret}), 0o600); err != nil {
		return err
	}
	return os.WriteFile(s.CertFile, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o644)
}
