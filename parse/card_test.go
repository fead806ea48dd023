package parse

import "testing"

// What is on a visiting card is a signature without a word that says so.
func TestCards(t *testing.T) {
	const own = "The label is cut off.\n\nCould you look?"
	for _, sig := range []string{
		"Priya Nair | Product | Acme", "Priya Nair, CTO", "Priya Nair · Product", "Priya Nair - Product, Acme", "Priya Nair – Acme", "Priya Nair (Product)", "Priya Nair // Acme", "Nair, Priya | Product",
		"Priya | Acme | +49 30 1234567", "Priya (typed with thumbs, please excuse brevity)", "Priya (vom Handy, bitte Tippfehler entschuldigen)", "Priya @ Acme", "Priya Nair, Acme Ltd.",
		"Cordiali saluti\nPriya Nair\nUfficio Sviluppo - Mercato Unito S.p.A.\nVia Garibaldi 7, 20121 Milano - Tel. 02 5550142", "Priya Nair\nHead of the web team at Acme Co. Ltd.",
		"Priya Nair\nDpto. de Informática\nAlmacenes Unidos, S.A. - C/ Mayor, 5 - 28013 Madrid - Tel. 91 555 01 42", "Priya Nair\nVývojové oddělení firmy Acme s.r.o.",
		"Priya Nair\nDział Rozwoju Acme Sp. z o.o.\nul. Długa 5, 00-001 Warszawa, tel. +48 22 555 01 42, fax +48 22 555 01 43",
		"+++++++++++++++\n株式会社アクメ\nPriya Nair（プリヤ）\nTEL: 03-5550-0142\n+++++++++++++++", "☆★☆★☆★☆★☆★\n株式会社アクメ\nTEL: 03-5550-0142\n☆★☆★☆★☆★☆★", "*-*-*-*-*-*-*\nPriya\npriya@acme.example\n*-*-*-*-*-*-*",
		"Priya Nair (she/her)\nProduct, Payments\nAcme", "*Priya Nair* | Product\nAcme", "Cheers, P", "Schönen Gruß\nPriya", "Excellente journée\nPriya", "Tks & Rgds,\nPriya", "以上です。よろしくお願いします。\nプリヤ",
		"Cordialement,\nPriya\n\nCe message et ses pièces jointes peuvent contenir des informations confidentielles. Si vous n'êtes pas le destinataire, merci de le détruire.\n\nPlease consider the environment before printing this e-mail.",
		"////////////////////\nPriya Nair\npriya@acme.example\n////////////////////", "◆◇◆◇◆◇◆◇\n株式会社アクメ\nPriya Nair\nTEL: 03-5550-0142", "┏━━━━━━━━━━┓\n Priya Nair\n priya@acme.example\n┗━━━━━━━━━━┛",
	} {
		if m := Read(plainMail(own+"\n\n"+sig+"\n", 0), Options{}); m.Text != own {
			t.Errorf("%q: text %q", sig, m.Text)
		}
	}
}

// The sender's name opens sentences and limits too, and a frame may be the writer's.
func TestNoCards(t *testing.T) {
	for _, own := range []string{
		"Seen.\n\nPriya, Omar and Dana know.", "Seen.\n\nPriya Nair, Omar and Dana know about it", "Seen.\n\nPriya (the other one) has it", "Seen.\n\nPriya | not yet", "Seen.\n\nPriya | Done | 3", "Seen.\n\nPriya Nair - looks at it",
		"Approve\n\nPriya (for the web part)", "Approve\n\nPriya (from Monday)", "Approve\n\nPriya Nair (If Omar agrees)", "Approve\n\nPriya Nair - From Monday", "Approve\n\nPriya | Not Yet",
		"Reviewers:\n\nPriya Nair, Product\nOmar Said, Web", "Reviewers:\n\nPriya (product)\nOmar (web)", "Seen.\n\nPriya | not yet\nOmar | done", "Cheers, O",
		"Who has it:\nOmar\nPriya Nair, Product", "It prints:\n\n++++++++++\nPriya 1234567\n++++++++++\n\nIs that right?", "It prints:\n\n==========\nfailed: 1 of 1234567\n==========",
		"The sum of all carts is wrong, they say at Acme Inc.", "Best\nThe bug is in the mail of Acme today.",
	} {
		m := Read(plainMail(own+"\n", 0), Options{})
		if m.Text != own {
			t.Errorf("%q: text %q", own, m.Text)
		}
	}
}
