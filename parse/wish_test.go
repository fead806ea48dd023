package parse

import "testing"

// What a sentence beside a problem says must be so: the done, what has to stay, or
// nothing that can be told from a guess, a burden or somebody's next step.
func TestWished(t *testing.T) {
	for want, sentences := range map[string][]string{
		"done": {
			`The scanner should show "unknown article" and the code it read.`,
			"When a customer cancels, the voucher should be usable again.",
			"A customer must be able to change the delivery date until noon.",
			"Bavaria has to be in it, from January on.",
			"Must be sorted by date, newest first.",
			"I'd expect to see the orders of the one I clicked.",
			"The till should ask before the payment.",
			"Support should see the last five mails of a customer.",
			"Der Scanner soll den gelesenen Code anzeigen.",
			"Wenn kein Titel da ist, darf vor dem Namen nichts stehen.",
			"Kunden müssen die Adresse nach der Bestellung ändern können.",
			"Il faudrait que la facture soit toujours dans la langue du compte.",
			"Debe aceptar todos los códigos de Canarias.",
			"Il totale deve comprendere la spedizione.",
			"O vencimento deve cair sempre num dia útil.",
			"Elke retour moet er één keer in staan.",
			"Datumet ska vara nästa arbetsdag om man beställer efter 16.",
			"Den skal vise 25 % moms.",
			"Nowe hasło powinno działać od razu w aplikacji i na stronie.",
			"IČO musí být pod adresou.",
			"Номер заказа должен стоять в теме письма.",
			"Il faut qu'il soit gardé jusqu'à la déconnexion.",
			"Ele precisa ficar guardado até o logout.",
			"At the end, one click must print all labels of the day.",
			"We want the mail to arrive with the invoice and show the total.",
			"I'd like support to be able to refund up to 50 euros.",
			"Make sure a refund of up to 50 euros needs one click.",
			"It would be good if the list showed the newest order first.",
			"Wir möchten, dass die neueste Bestellung oben steht.",
			"Queremos que el pedido más nuevo aparezca arriba.",
		},
		"context": {
			"The API has to stay as it is.",
			"It must still work on the old tablets.",
			"Must be there by 4 December, closing is on the 5th.",
			"Der Text der Mahnung darf nicht geändert werden.",
			"Udenlandske kunder skal være som nu.",
		},
		"": {
			// a guess, or nothing to check
			"That should be easy to fix I think.",
			"It must be something with the returns.",
			"The cause must be the new carrier.",
			"It should work again.",
			"It should be easier to find things.",
			"The tax must be rounded somewhere on the way.",
			"El problema debe estar en las fotos.",
			"The dashboard should be nicer and more modern.",
			"Das muss am Cache liegen.",
			"Ça doit être un problème de TVA.",
			"Debe ser el caché.",
			"Deve essere colpa della cache.",
			"Het moet iets met de btw zijn.",
			"To musi być błąd w imporcie.",
			// what was, what is said, a part of a sentence, a question
			"It should have been fixed in October.",
			"Someone must have changed the settings.",
			"The boss says it should be blue.",
			"According to the law a fax number must not be required.",
			"The button that should open the menu does nothing.",
			"What should be 12 is 14.",
			"The name should show, but it says null.",
			"Should we support PayPal in Denmark?",
			"Should you have questions, call me.",
			// somebody's next step
			"You should ask Ben, he built it.",
			"We should talk about what they really need.",
			"Ken should send me the list.",
			"Marketing should provide the texts.",
			"The next one should come on Friday.",
			"Wir sollten das am Montag besprechen.",
			"Vi ska prata om det.",
			"We want Ben to take a look.",
			"Wir wollen, dass sich Anna darum kümmert.",
			"Queremos que lo mires.",
			"Make sure you talk to Anna first.",
			"It would be good if somebody could explain that to me.",
			// a plan, or what is said of something that comes
			"Das neue Lager soll im Mai öffnen.",
			"The new carrier should start in June.",
			"Il nuovo magazzino dovrebbe aprire a maggio.",
			"Nowy magazyn powinien być otwarty w maju.",
			"A new one should arrive on 4 June.",
			"Der neue Server soll Ende des Monats da sein.",
			"Le nouveau serveur devrait arriver la semaine prochaine.",
			"It should be part of the next release.",
			"The repair should cost 300 euros.",
			"The hoster should have an explanation by now.",
			"Das soll mit dem neuen Server besser werden.",
			"The goal is that returns are faster.",
			// a burden
			"It has to be set again.",
			"The file must remain on the server for the audit.",
			"Customers must type their address twice.",
			"Each order has to be copied into the other system by hand.",
			"Every change must be approved by Petra.",
			"Der Kunde muss alles zweimal eingeben.",
			"Les clients doivent tout saisir deux fois.",
			"I clienti devono chiamare il negozio.",
			"De klanten moeten alles twee keer invullen.",
			"Klienci muszą dzwonić do sklepu.",
		},
	} {
		for _, s := range sentences {
			if got := wished(s); got != want {
				t.Errorf("%q: %q, want %q", s, got, want)
			}
		}
	}
}
