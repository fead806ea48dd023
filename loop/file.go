package loop

import "slices"

// File is an attachment that came with somebody's words. What is in it stays in
// the raw mail: letters name it and do not carry it.
type File struct {
	Name string `json:"name"` // as parse tames it; "" if it has none
	Size int    `json:"size"` // bytes
}

const (
	// logo is the size up to which a picture within the text is taken for the
	// ornament of a signature, which comes with every mail; what people paste to
	// be looked at is larger, as a rule.
	logo = 32 << 10
	// keptFiles bounds how many attachments of one mail are told.
	keptFiles = 20
)

// proofs are signatures that mail clients make, by their media type.
var proofs = []string{"application/pgp-signature", "application/pkcs7-signature", "application/x-pkcs7-signature"}

// files are the attachments of the mail that is being read, as far as they are
// worth telling.
func (c *turn) files() []File {
	var out []File
	for _, a := range c.in.Mail.Attachment {
		if a.Within && a.Size <= logo || slices.Contains(proofs, a.Type) || len(out) == keptFiles {
			continue
		}
		out = append(out, File{a.Name, a.Size})
	}
	return out
}

// carries are the events that keep words of the mail, and so tell what came with
// them.
var carries = map[EventKind]bool{
	Opened: true, Amended: true, Updated: true, AskedE: true, AskedMore: true, Answered: true, Commented: true, PassedOn: true, Noted: true,
	DeliveredE: true, RedirectedE: true, Reopened: true, ApprovedE: true, Dropped: true,
}

// passes are the letters that bring the words of the mail to somebody else.
var passes = map[Kind]bool{Question: true, Answer: true, Comment: true, Redirected: true, Approved: true}
