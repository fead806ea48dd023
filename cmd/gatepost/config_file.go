package main

// configFile is gatepost.toml as it is written: what each key means, its unit
// and what stands for it when it is left out. Any other key is a mistake.
type configFile struct {
	IMAP     imapFile     `toml:"imap"`
	SMTP     smtpFile     `toml:"smtp"`
	Store    storeFile    `toml:"store"`
	Secret   secretFile   `toml:"secret"`
	Evidence evidenceFile `toml:"evidence"`
	Operator operatorFile `toml:"operator"`
	Letters  lettersFile  `toml:"letters"`
	Team     []teamFile   `toml:"team"`
}

// lettersFile is how letters are worded.
type lettersFile struct {
	Templates string `toml:"templates"` // folder beside the config unless absolute; each file in it stands in for one of the program's own; default: none
}

// serverFile is what the two mail servers have in common.
type serverFile struct {
	Host         string    `toml:"host"`
	Port         int       `toml:"port"`          // default by tls: 993, 143 / 465, 587, 25
	TLS          string    `toml:"tls"`           // implicit (default) | starttls | none
	Insecure     bool      `toml:"insecure"`      // allows tls = "none" to a host that is not this one
	User         string    `toml:"user"`          //
	PasswordFile string    `toml:"password_file"` // beside the config unless absolute; mode 0600
	PasswordEnv  string    `toml:"password_env"`  // name of an environment variable instead
	OAuth        oauthFile `toml:"oauth"`         // access tokens instead of a password; [smtp] without any of the three shares those of [imap]
}

// oauthFile is an application that is registered with an authorization server,
// and where its tokens are kept. What is no provider's says where its server
// is.
type oauthFile struct {
	Provider         string   `toml:"provider"`           // google | microsoft; default: auth_url and token_url
	Tenant           string   `toml:"tenant"`             // with microsoft: id or domain of the directory; default: any
	ClientID         string   `toml:"client_id"`          //
	ClientSecretFile string   `toml:"client_secret_file"` // beside the config unless absolute; mode 0600; default: a client without a secret
	ClientSecretEnv  string   `toml:"client_secret_env"`  // name of an environment variable instead
	TokenFile        string   `toml:"token_file"`         // beside the config unless absolute; default mail.token beside the database; `gatepost login` makes it
	Scopes           []string `toml:"scopes"`             // default: those that the provider has for mail
	AuthURL          string   `toml:"auth_url"`           // where a person says yes
	TokenURL         string   `toml:"token_url"`          //
	DeviceURL        string   `toml:"device_url"`         // for `gatepost login --device`; default: none
}

// imapFile is where mail comes in.
type imapFile struct {
	serverFile
	Mailbox  string `toml:"mailbox"`   // default INBOX
	Poll     string `toml:"poll"`      // between polls; default 60s
	Noop     string `toml:"noop"`      // between two questions for new mail in working hours, instead of IDLE; default: IDLE alone
	FileAway string `toml:"file_away"` // mailbox that mail is moved to once read; default: it stays
}

// smtpFile is where letters go out.
type smtpFile struct {
	serverFile
	FromHost      string `toml:"from_host"`      // for Message-IDs; default: the host of the first team's address
	Connections   int    `toml:"connections"`    // kept open at once; default 1; a crash can send again one letter for each
	PerConnection int    `toml:"per_connection"` // letters, then a new one is made; default: no limit
	PerMinute     int    `toml:"per_minute"`     // letters; default: no limit
	PerDay        int    `toml:"per_day"`        // letters in any 24 hours; default: no limit
}

type storeFile struct {
	Keep          string `toml:"keep"`           // how long the bytes of mails and letters about closed tasks are kept, as "2y", "26w" or "400d"; default: for ever
	KeepStrangers string `toml:"keep_strangers"` // how long held mail that nobody lets in is kept, as "30d"; default: for ever
	Path          string `toml:"path"`           // beside the config unless absolute; default gatepost.db
}

type secretFile struct {
	File string   `toml:"file"` // beside the config unless absolute; default gatepost.secret; mode 0600
	Old  []string `toml:"old"`  // files of secrets before it: their addresses stay good until they are taken out
}

type evidenceFile struct {
	AuthservID string `toml:"authserv_id"` // the one server whose Authentication-Results count; default: none
}

type operatorFile struct {
	Email      string `toml:"email"`       // where alerts go; default: log and digest only
	Listen     string `toml:"listen"`      // address of this machine for /healthz, /readyz and /metrics, as 127.0.0.1:9847; default: none
	Pprof      bool   `toml:"pprof"`       // /debug/pprof/ there as well; default: no
	AlertAfter string `toml:"alert_after"` // how long mail may not be read or sent before an alert; default 1h
}

type teamFile struct {
	Name          string              `toml:"name"`
	Address       string              `toml:"address"`
	Timezone      string              `toml:"timezone"`       // a name of the IANA database; always needed
	Holidays      string              `toml:"holidays"`       // codes of loop.HolidayCountries, .ics files or folders of them beside the config, with commas between; default: none
	FirstDelivery int                 `toml:"first_delivery"` // business days; default 5
	Cycle         int                 `toml:"cycle"`          // business days; default 3
	Work          string              `toml:"work"`           // default mon-fri 09:00-17:30
	Digest        string              `toml:"digest"`         // default 08:30
	Prompt        string              `toml:"prompt"`         // default 16:00
	Weekly        string              `toml:"weekly"`         // a day and a time, or "off"; default fri 15:00
	Undo          string              `toml:"undo"`           // how long a decision can be taken back; default 2h
	Trust         string              `toml:"trust"`          // seen (default) | signed | token
	Language      string              `toml:"language"`       // of the letters: en (default) | de | es; a person may have their own
	Words         map[string][]string `toml:"words"`          // command → further words for it
	IMAP          imapFile            `toml:"imap"`           // where this team's mail comes in; default: the top [imap]
	SMTP          smtpFile            `toml:"smtp"`           // where this team's letters go out; default: the top [smtp]
	Person        []personFile        `toml:"person"`
	Stream        []streamFile        `toml:"stream"`
}

type personFile struct {
	Name     string   `toml:"name"`  // default: the address before its @
	Email    []string `toml:"email"` // the first is where letters go
	Role     string   `toml:"role"`  // pm | engineer | reader
	Timezone string   `toml:"timezone"`
	Language string   `toml:"language"` // as the team's; default: the team's
	Work     string   `toml:"work"`
	Holidays string   `toml:"holidays"` // as the team's; default: the team's
	Digest   string   `toml:"digest"`   // a time or "off"; default: the team's for a PM, "off" for others
	Prompt   string   `toml:"prompt"`   // a time or "off"; default: the team's, "off" for a reader
}

type streamFile struct {
	Name      string   `toml:"name"` // what stands in shop+NAME@
	Engineer  string   `toml:"engineer"`
	Approvers []string `toml:"approvers"` // default: every PM of the team but the engineer
}
