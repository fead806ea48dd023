package parse

import (
	"encoding/base64"
	"fmt"
	"mime/quotedprintable"
	"strings"
	"testing"

	"golang.org/x/text/encoding/htmlindex"
)

// The danger matrix: every intro and header block of danger data × marked or
// not × empty or short reply above or below × what stands in the history ×
// plain or HTML of each client × encodings. In none of them may a command be
// taken: whatever the writer's own words are here, none of them is one.

// intros as clients of many languages write them; %s is the address.
var dangerIntros = []string{
	"On Mon, 2 Mar 2026 at 09:14, Shop <%s> wrote:",
	"On Mon, Mar 2, 2026 at 9:14 AM Shop <%s> wrote:",
	"On Mar 2, 2026, at 9:14\u202fAM, Shop <%s> wrote:",
	"On 02/03/2026 09:14, Shop wrote:",
	"On Monday, March 2nd, 2026 at 9:14 AM, Shop <%s> wrote:",
	"At 3/2/2026 09:14 AM, you wrote:",
	"---- On Mon, 02 Mar 2026 09:14:00 +0100 Shop <%s> wrote ----",
	"---- Shop wrote ----",
	"Shop (%s) wrote:",
	"Shop <%s> wrote on Mon, 2 Mar 2026 at 09:14:",
	"In message <abc@x.example>, Shop <%s> writes",
	"2026-03-02 9:14 GMT+01:00 Shop <%s>:",
	"Thu, 26 Jun 2014 14:00:51 +0400 Shop <%s>:",
	"Am Mo., 2. März 2026 um 09:14 Uhr schrieb Shop <%s>:",
	"Am 02.03.2026 um 09:14 schrieb Shop:",
	"Am 02.03.26 um 09:14 schrieb Shop:",
	"Shop <%s> schrieb am Mo., 2. März 2026, 09:14:",
	"Shop <%s> schrieb am 2. März 2026 um 09:14:",
	"Le lun. 2 mars 2026 à 09:14, Shop <%s> a écrit :",
	"Le 02/03/2026 à 09:14, Shop a écrit :",
	"- Le 2 mars 2026, Shop <%s> a écrit :",
	"El lun, 2 mar 2026 a las 9:14, Shop (<%s>) escribió:",
	"El 2/3/26 a las 9:14, Shop escribió:",
	"El dl., 2 de març 2026, 9:14, Shop <%s> va escriure:",
	"Il giorno lun 2 mar 2026 alle ore 09:14 Shop <%s> ha scritto:",
	"Il 02/03/2026 09:14, Shop ha scritto:",
	"In data 2 marzo 2026 alle 09:14, Shop <%s> ha scritto:",
	"Em seg., 2 de mar. de 2026 às 09:14, Shop <%s> escreveu:",
	"No dia 02/03/2026, às 09:14, Shop escreveu:",
	"A segunda, 2/03/2026, 09:14, Shop <%s> escreveu:",
	"Op ma 2 mrt 2026 om 09:14 schreef Shop <%s>:",
	"Op 2 mrt. 2026 om 09:14 heeft Shop <%s> het volgende geschreven:",
	"Op 02-03-2026 om 09:14 schreef Shop:",
	"Den man. 2. mar. 2026 kl. 09.14 skrev Shop <%s>:",
	"Den 02-03-2026 kl. 09:14 skrev Shop:",
	"man. 2. mar. 2026 kl. 09:14 skrev Shop <%s>:",
	"På 2. mars 2026 kl. 09:14:22, Shop <%s> skrev:",
	"Den mån 2 mars 2026 kl 09:14 skrev Shop <%s>:",
	"mån 2 mars 2026 kl. 09:14 skrev Shop <%s>:",
	"2 mars 2026 kl. 09:14 skrev Shop <%s>:",
	"ma 2. maalisk. 2026 klo 9.14 Shop (%s) kirjoitti:",
	"Shop <%s> kirjoitti 2.3.2026 kello 9.14:",
	"pon., 2 mar 2026 o 09:14 Shop <%s> napisał(a):",
	"W dniu 02.03.2026 o 09:14, Shop pisze:",
	"Dnia 2 marca 2026 09:14 Shop <%s> napisał(a):",
	"Wiadomość napisana przez Shop <%s> w dniu 02.03.2026, o godz. 09:14:",
	"po 2. 3. 2026 v 9:14 odesílatel Shop <%s> napsal:",
	"Dne 02. 03. 26 v 9:14 Shop napsal(a):",
	"po 2. 3. 2026 o 9:14 Shop <%s> napísal(a):",
	"Dňa 2. 3. 2026 o 9:14 Shop napísal(a):",
	"V pon., 2. mar. 2026 ob 09:14 je oseba Shop <%s> napisala:",
	"pon, 2. ožu 2026. u 09:14 Shop <%s> napisao je:",
	"Shop <%s> ezt írta (időpont: 2026. márc. 2., H, 9:14):",
	"2026. 03. 02. 9:14 keltezéssel, Shop írta:",
	"lun., 2 mar. 2026 la 09:14, Shop <%s> a scris:",
	"Pe 02.03.2026 09:14, Shop a scris:",
	"На пн, 2.03.2026 г. в 9:14 Shop <%s> написа:",
	"пн, 2 мар. 2026 г. в 09:14, Shop <%s>:",
	"пн, 2 мар. 2026 г. в 09:14, Shop <%s> пишет:",
	"02.03.2026 09:14, Shop пишет:",
	"2 марта 2026 г., в 09:14, Shop <%s> написал(а):",
	"Понедельник, 2 марта 2026, 9:14 +03:00 от Shop <%s>:",
	"пн, 2 бер. 2026 р. о 09:14 Shop <%s> пише:",
	"Στις Δευ 2 Μαρ 2026 στις 9:14 π.μ., ο χρήστης Shop <%s> έγραψε:",
	"Shop <%s>, 2 Mar 2026 Pzt, 09:14 tarihinde şunu yazdı:",
	"2.03.2026 09:14 tarihinde Shop yazdı:",
	"في الاثنين، 2 مارس 2026 في 9:14 ص تمت كتابة ما يلي بواسطة Shop <%s>:",
	"في ٢ مارس ٢٠٢٦، الساعة ٩:١٤ ص، كتب Shop <%s>:",
	"בתאריך יום ב׳, 2 במרץ 2026 ב-9:14 מאת Shop <%s>:",
	"सोम, 2 मार्च 2026 को 9:14 am बजे को Shop <%s> ने लिखा:",
	"ในวันที่ จ. 2 มี.ค. 2026 เวลา 09:14 Shop <%s> เขียนว่า:",
	"Vào Th 2, 2 thg 3, 2026 vào lúc 09:14 Shop <%s> đã viết:",
	"Pada Sen, 2 Mar 2026 09.14, Shop <%s> menulis:",
	"Pada tarikh Isn, 2 Mac 2026 9:14 PG Shop <%s> menulis:",
	"Shop <%s> 于2026年3月2日周一 09:14写道：",
	"Shop <%s> 於 2026年3月2日 週一 上午9:14寫道：",
	"在 2026年3月2日，09:14，Shop <%s> 写道：",
	"2026年3月2日(月) 9:14 Shop <%s>:",
	"2026/03/02 9:14、Shop <%s>のメール:",
	"2026년 3월 2일 (월) 오전 9:14, Shop <%s>님이 작성:",
	"Dagens 2 marto 2026 09:14 Shop <%s> skribis:",
	"Mnamo Jum, 2 Mac 2026 saa 09:14 Shop <%s> aliandika:",
	"Ngo-2 Mas 2026 09:14 u-Shop <%s> ubhale:",
	"I te 2 Poutū-te-rangi 2026 09:14, i tuhi a Shop <%s>:",
	"Ar Llun, 2 Maw 2026 am 09:14 ysgrifennodd Shop <%s>:",
}

// dangerBlocks are header blocks, one label set a language.
var dangerBlocks = []string{
	"From|Sent|To|Subject", "Von|Gesendet|An|Betreff", "Von|Datum|An|Betreff", "De |Envoyé |À |Objet ", "Expéditeur|Date|Destinataire|Objet",
	"De|Enviado el|Para|Asunto", "De|Enviado|Para|Assunto", "Da|Inviato|A|Oggetto", "Van|Verzonden|Aan|Onderwerp",
	"Fra|Sendt|Til|Emne", "Från|Skickat|Till|Ämne", "Lähettäjä|Lähetetty|Vastaanottaja|Aihe", "Od|Wysłano|Do|Temat",
	"Od|Odesláno|Komu|Předmět", "Feladó|Elküldve|Címzett|Tárgy", "De la|Trimis|Către|Subiect", "От кого|Дата|Кому|Тема", "От|Отправлено|Кому|Тема",
	"Від|Надіслано|Кому|Тема", "Από|Στάλθηκε|Προς|Θέμα", "Kimden|Gönderildi|Kime|Konu", "من|تم الإرسال|إلى|الموضوع",
	"מאת|נשלח|אל|נושא", "发件人|发送时间|收件人|主题", "寄件者|寄件日期|收件者|主旨", "差出人|送信日時|宛先|件名", "보낸 사람|보낸 날짜|받는 사람|제목",
	"Kutoka|Ilitumwa|Kwa|Mada", "Nga|Dërguar|Për|Tema", // Swahili and Albanian stand in no table of ours
}

var dangerDates = []string{"Monday, March 2, 2026 9:14 AM", "Montag, 2. März 2026 09:14", "2026-03-02 09:14", "02.03.2026 09:14:33", "2026年3月2日 9:14"}

// blockOf dresses a header block.
func blockOf(labels, date string, style int) string {
	l := strings.Split(labels, "|")
	values := []string{"Shop <shop+t42r1.abcdefghijklmnop@acme.example>", date, "Priya Nair <priya@acme.example>", "Gate: Cart total [#42]"}
	var b strings.Builder
	for i := range l {
		switch style {
		case 0:
			fmt.Fprintf(&b, "%s: %s\n", l[i], values[i])
		case 1:
			fmt.Fprintf(&b, "*%s:* %s\n", l[i], values[i])
		case 2:
			fmt.Fprintf(&b, "**%s:** %s\n", l[i], values[i])
		case 3:
			fmt.Fprintf(&b, "\t%s:\t%s\n", l[i], values[i])
		case 4:
			fmt.Fprintf(&b, "%s： %s\n", l[i], values[i])
		}
	}
	return b.String()
}

// dangerBodies are what stands in the history: each has a line that would be a
// command if it were the writer's.
var dangerBodies = []string{
	"approve",
	"Approve, thanks Dana!\n\nPriya",
	"Gate: Cart total is ready for you\n\nReply with one of\n\napprove\n\nor\n\nredirect: why",
	"Your digest\n\n#12 approve\n#14 redirect: label is cut\n#15 top",
	"Hi Dana,\n\napprove",
	"undo",
}

// dangerOwn are the writer's words: nothing, or words that are no command.
var dangerOwn = []string{"", "Hi,", "I will look at it tomorrow afternoon.", "Two things\n\nThe label is cut off.\nThe total is fine.", "Sent from my iPhone", "-- \nPriya Nair\nPM, Acme"}

func marked(s string) string {
	return "> " + strings.ReplaceAll(s, "\n", "\n> ")
}

func noWord(t *testing.T, raw []byte, opt Options, what string) {
	t.Helper()
	m := Read(raw, opt)
	for _, c := range m.Commands {
		if c.Word != "" {
			t.Errorf("%s: took %q from the line %q\n%s", what, c.Word, c.Line, Explain(raw, opt))
		}
	}
}

const dangerHead = "From: Priya Nair <priya@acme.example>\r\nTo: shop+t42r1.abcdefghijklmnop@acme.example\r\nSubject: Re: Gate: Cart total [#42]\r\nMessage-ID: <a1@mail.example>\r\nIn-Reply-To: <t42r1.abcdefghijklmnop.7@acme.example>\r\nDate: Mon, 2 Mar 2026 10:00:00 +0100\r\nMIME-Version: 1.0\r\n"

// plainMail encodes a text in one of several ways; n picks.
func plainMail(text string, n int) []byte {
	text = strings.ReplaceAll(text, "\n", "\r\n")
	head := dangerHead
	switch n % 5 {
	case 1:
		var b strings.Builder
		w := quotedprintable.NewWriter(&b)
		_, _ = w.Write([]byte(text))
		_ = w.Close()
		return []byte(head + "Content-Type: text/plain; charset=\"UTF-8\"\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n" + b.String())
	case 2:
		return []byte(head + "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n" + base64.StdEncoding.EncodeToString([]byte(text)) + "\r\n")
	case 3:
		for _, cs := range []string{"iso-8859-1", "iso-8859-2", "windows-1251", "windows-1252", "iso-2022-jp", "gb18030", "euc-kr", "windows-1256"} {
			e, err := htmlindex.Get(cs)
			if err != nil {
				continue
			}
			if out, err := e.NewEncoder().String(text); err == nil {
				return []byte(head + "Content-Type: text/plain; charset=" + cs + "\r\nContent-Transfer-Encoding: 8bit\r\n\r\n" + out)
			}
		}
	case 4:
		return []byte(strings.ReplaceAll(head, "\r\n", "\n") + "Content-Type: text/plain; charset=utf-8; format=flowed\n\n" + strings.ReplaceAll(text, "\r\n", "\n"))
	}
	return []byte(head + "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n" + text)
}

func TestDangerPlainIntros(t *testing.T) {
	t.Parallel()
	n := 0
	for _, intro := range dangerIntros {
		if strings.Contains(intro, "%s") {
			intro = fmt.Sprintf(intro, "shop+t42r1.abcdefghijklmnop@acme.example")
		}
		wrapped := intro
		if i := strings.LastIndex(intro, "<"); i > 0 {
			wrapped = strings.TrimRight(intro[:i], " ") + "\n" + intro[i:]
		}
		for bi, body := range dangerBodies {
			for layout := range 8 {
				for _, own := range []string{"", dangerOwn[1+(n+bi)%(len(dangerOwn)-1)]} {
					n++
					line, hist := intro, body
					if layout&1 != 0 {
						line = wrapped
					}
					gap := "\n"
					if layout&2 != 0 {
						gap = "\n\n"
					}
					if layout&4 == 0 {
						hist = marked(body)
					}
					text := own + "\n\n" + line + gap + hist + "\n"
					noWord(t, plainMail(text, n), Options{}, intro)
					if layout&4 == 0 && own != "" { // bottom posted below a marked quote
						noWord(t, plainMail(line+gap+hist+"\n\n"+own+"\n", n), Options{}, "below "+intro)
					}
					if t.Failed() {
						return
					}
				}
			}
		}
	}
	t.Logf("%d mails", n)
}

func TestDangerHeaderBlocks(t *testing.T) {
	t.Parallel()
	n := 0
	for bi, labels := range dangerBlocks {
		for _, body := range dangerBodies {
			for oi, own := range dangerOwn {
				for style := range 5 {
					seps := []string{"", "________________________________\n", "-----Original Message-----\n", "-----Ursprüngliche Nachricht-----\n"}
					for _, sep := range []string{"", seps[(n/2)%len(seps)]} {
						n++
						block := blockOf(labels, dangerDates[(bi+oi)%len(dangerDates)], style)
						text := own + "\n\n" + sep + block + "\n" + body + "\n"
						if n%3 == 0 {
							text = own + "\n\n" + sep + marked(block) + "\n" + marked(body) + "\n"
						}
						noWord(t, plainMail(text, n), Options{}, labels)
						if t.Failed() {
							return
						}
					}
				}
			}
		}
	}
	t.Logf("%d mails", n)
}
