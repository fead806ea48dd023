package parse

import (
	"strings"
	"testing"
)

// What is chat about a task, and what says something of it.
func TestChat(t *testing.T) {
	for _, s := range strings.Split(`no
No.
No, thanks!
Never mind
never mind, we found another way
Sorry, my mistake.
Thanks, I will add it tomorrow.
I don't know yet
Hmm. Let me think about it.
Later.
What do you mean?
Which page would that be?
please drop this
please drop this for now
Forget it, sorry.
We don't need it any more
Drop it please
Cancel
Not this quarter.
nein danke
Weiß ich noch nicht.
Gute Frage!
Ich melde mich morgen dazu
no lo sé todavía
Gracias, lo pensaré
Je ne sais pas encore`, "\n") {
		if !Chat(s) {
			t.Errorf("%q is chat", s)
		}
	}
	for _, s := range strings.Split(`The cart keeps its items
No error is shown
No error, no empty page
Cancel button works on the phone
Cancel it from the menu as well
Later orders show the new price
Thanks page shows the order number
Let me see the total before I pay
Tomorrow's menu is on the page
What the visitor typed is still there
Test orders are gone
Why it failed is in the log
Yes: the total is right on all three pages
Nothing is lost
mind the fax
Drop it into the basket and it stays
You can delete an item on the phone
Please ignore upper and lower case in the search
We don't need to reload the page
Let me check out without an account
We will see the total in the mail
Ich melde mich an, und die Lampe ist noch da
No importa el orden de los cupones
Never mind the old orders, new ones show the tax
Kein Fehler mehr
Nein-Knopf geht wieder
Später bestellte Ware kommt mit
La página abre en un segundo
not sure about the colour, but the total has to be the same on the page, in the mail and on paper`, "\n") {
		if Chat(s) {
			t.Errorf("%q is about the task", s)
		}
	}
}

func TestSaysDone(t *testing.T) {
	for said, want := range map[string]bool{
		"fertig: alles läuft": true, "Fertig!": true, "terminé : tout marche": true, "Hecho.\nLo demás mañana": true, "готово": true, "完了しました。": true,
		"fertig mit dem Login": false, "done: it": false, "Klar soweit, morgen mehr": false, "finished: the login": false, "listo para la prueba": false, "": false,
		"erledigt: Login":                     false,
		"It's done: the cart keeps its rows.": true, "Hi Priya,\n\nit's live, please have a look.": true, "I've deployed it, please have a look": true, "Finished.": true, "Task complete!": true,
		"I'm done with the form": false, "Finished the form, the mail is next": false, "It's done in the form, not in the mail": false, "Deployed: the form": false, "Completed: form\nNext: mail": false,
	} {
		if got := SaysDone(said, []string{"erledigt"}); got != want {
			t.Errorf("%q: %v", said, got)
		}
	}
}

func TestCourtesy(t *testing.T) {
	for said, want := range map[string]bool{
		"Thanks!": true, "You're welcome.": true, "Gern geschehen :-)": true, "merci beaucoup": true,
		"": false, "Thanks, the test is green": false, "thanks, done": false, "All good": false, "ok": false,
	} {
		if got := Courtesy(said); got != want {
			t.Errorf("%q: %v", said, got)
		}
	}
}

func TestWithdraws(t *testing.T) {
	for said, want := range map[string]bool{
		"never mind": true, "Never mind, I found it in the vault.": true, "Unblocked: the key came.": true, "Hi Priya,\n\nfigured it out.": true, "Die Frage hat sich erledigt.": true,
		"never mind the colours, I still need the key": false, "still blocked": false, "Unblocked the build": false, "": false, "I am not unblocked": false,
	} {
		if got := Withdraws(said); got != want {
			t.Errorf("%q: %v", said, got)
		}
	}
}
