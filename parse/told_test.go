package parse

import "testing"

// Words that stand below "Done", or answer the question for it, are no done if they
// put it off, ask, or say nothing that can be checked.
func TestTellsDone(t *testing.T) {
	for _, s := range []string{
		"I don't know yet.", "I don't know yet, let's talk", "Not sure yet, I'll ask Anna.", "no idea, what do you think?", "will follow", "Will send it tomorrow.",
		"depends on what Anna says", "TBC with legal", "see above", "to be discussed", "it works", "It should work again.", "fixed", "when it's done", "Done when it is done.", "???",
		"What do you mean?", "Isn't that clear?", "Please don't touch the API.", "To reproduce, open any order.", "Acceptance criteria: I don't know yet.", "Done:\nwill follow", "Ask Omar.", "Just do it.", "It's urgent!", "This is urgent, customers are waiting.", "Let's have a call.", "call me", "drop it", "Never mind, thanks.", "Cancel this please", "Hat sich erledigt.", "Laisse tomber.", "Olvídalo.", "Laat maar.", "Thanks!", "Ok", "Ok, thanks, I'll get back to you.", "Let me think about it.", "Let me check with sales first.", "I'll get back to you on Monday.",
		"Give me a day.", "Good question.", "Good question, I will ask the customer.", "Hmm.", "yes", "No.", "Sorry, I am on the train, more later", "Hi Dana,\n\nnot yet clear, sorry.\n\nBest", "<describe what must be true>", "- [ ] to be defined", "[ ] TODO", "...",
		"weiß ich noch nicht", "noch offen", "folgt", "Kommt morgen.", "Keine Ahnung, frag Anna.", "Muss ich noch klären.", "Was meinst du damit?", "Danke!", "siehe oben", "Das überlege ich mir noch.",
		"à définir", "Je ne sais pas encore.", "On verra.", "Aucune idée.", "Je te dis ça demain.", "por definir", "No lo sé todavía.", "Ya veremos.", "Te digo mañana.", "Ainda não sei.", "a definir", "Non lo so ancora.", "Ti faccio sapere.", "da definire",
		"weet ik nog niet", "Geen idee.", "volgt nog", "vet inte än", "Återkommer.", "Ved ikke endnu.", "Jeszcze nie wiem.", "do ustalenia", "未定", "まだわかりません。", "後で連絡します。", "待定", "还不知道。", "以后再说。",
	} {
		if TellsDone(s) {
			t.Errorf("%q is a done", s)
		}
	}
	for _, s := range []string{
		"the list shows ten rows", "they can.", "it is not", "b", "nothing is printed", "The coupon survives Back.", "Ten rows, newest first.", "I don't know the exact wording, but the page says why the card was refused.",
		"Anna sees the same total as the customer.", "Customers who come back later see their cart.", "A note to follow the order is in the mail.", "Yes: the total includes tax.", "Ok, so: a valid number gets a green tick.",
		"Is the number known? Then the name is shown.", "I'd say when the total is right on both pages.", "no mail on a green run", "No order is lost.", "Not more than one mail a day.", "under two seconds", "It works on an iPad.", "It works without a login.",
		"Let the customer choose the day.", "see the mock-up: the button is blue", "What the customer sees equals what we bill.", "- [ ] the file has a header\n- [ ] one line an item", "Hi Dana,\n\nthe list shows ten rows.\n\nBest",
		"I am not sure about the colour. The button is on every page.", "Done: the list shows ten rows", "Cancel closes the dialog and keeps the data.", "Urgent orders come first.", "open orders are listed", "Later orders come last.", "I must see the total.", "offene Posten sind rot", "die Liste zeigt zehn Zeilen", "Keine Bestellung geht verloren.", "Es geht auch ohne Anmeldung.", "la liste montre dix lignes", "la lista muestra diez filas", "a lista mostra dez linhas", "la lista mostra dieci righe",
		"de lijst toont tien regels", "listan visar tio rader", "lista pokazuje dziesięć wierszy", "一覧に十行が表示される。", "列表显示十行。", "HTTP 422", "<b>bold</b> is shown as text",
	} {
		if !TellsDone(s) {
			t.Errorf("%q is no done", s)
		}
	}
}
