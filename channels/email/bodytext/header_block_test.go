package bodytext

import "testing"

// headerBlock are the labels of the block that Outlook writes above a quote, in one language.
type headerBlock struct {
	language string
	from     string
	sent     string
	to       string
	subject  string
}

// write returns such a block, with a bold label and a folded line as Outlook's programs have them.
func (b headerBlock) write(colon string) string {
	return b.from + colon + "Acme <help@acme.test>\n" + b.sent + colon + "2 Nov 2026 10:15\n" +
		"*" + b.to + ":* ann@customer.test;\n bob@customer.test\n" + b.subject + colon + "Order"
}

// headerBlocks are those of every language of the reference.
func headerBlocks() []headerBlock {
	return []headerBlock{
		{"english", "From", "Sent", "To", "Subject"},
		{"german", "Von", "Gesendet", "An", "Betreff"},
		{"french", "De", "Envoyé", "À", "Objet"},
		{"spanish", "De", "Enviado", "Para", "Asunto"},
		{"spanish 2", "De", "Fecha", "Para", "Asunto"},
		{"portuguese", "De", "Enviado", "Para", "Assunto"},
		{"italian", "Da", "Inviato", "A", "Oggetto"},
		{"dutch", "Van", "Verzonden", "Aan", "Onderwerp"},
		{"polish", "Od", "Wysłano", "Do", "Temat"},
		{"chinese", "发件人", "发送时间", "收件人", "主题"},
		{"japanese", "差出人", "送信日時", "宛先", "件名"},
		{"swedish", "Från", "Skickat", "Till", "Ämne"},
		{"danish", "Fra", "Sendt", "Til", "Emne"},
		{"finnish", "Lähettäjä", "Lähetetty", "Vastaanottaja", "Aihe"},
		{"czech", "Od", "Odesláno", "Komu", "Předmět"},
		{"russian", "От", "Отправлено", "Кому", "Тема"},
		{"turkish", "Kimden", "Gönderildi", "Kime", "Konu"},
		{"taiwan", "寄件者", "寄件日期", "收件者", "主旨"},
	}
}

// wantBlockHidden checks that a header block and the quote below it are hidden, whatever line stands above the block.
func wantBlockHidden(t *testing.T, name, block string) {
	t.Helper()
	above := []string{
		"",
		"________________________________\n",
		"-----Original Message-----\n",
		"-------- Oprindelig besked --------\n",
	}
	for _, line := range above {
		wantAnswer(t, name+" below "+line, "My answer.\n\n"+line+block+"\n\nOld text", "My answer.", "Old text")
	}
}

// Outlook's block above a quote is known in every language of the reference.
func TestHeaderBlocks(t *testing.T) {
	t.Parallel()
	for _, b := range headerBlocks() {
		wantBlockHidden(t, b.language, b.write(": "))
	}
}

// Chinese programs write the colon of their script.
func TestHeaderBlockWithAWideColon(t *testing.T) {
	t.Parallel()
	b := headerBlock{language: "chinese", from: "发件人", sent: "发送时间", to: "收件人", subject: "主题"}
	wantBlockHidden(t, b.language, b.write("："))
}

// A block may begin with the date, and may lack the subject.
func TestHeaderBlocksOfOtherPrograms(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, block string }{
		{name: "the date first", block: "Date: 2 Nov 2026\nSubject: Order\nFrom: Acme\nTo: Ann"},
		{name: "marks of direction, arabic", block: "من: Acme\n\u200f\u200fتم الإرسال: 2 Nov 2026\nإلى: Ann\n\u200f\u200fالموضوع: Order"},
		{name: "no subject, english", block: "From: Acme <help@acme.test>\nSent: 2 Nov 2026 10:15\nTo: Ann"},
		{name: "no subject, german", block: "Von: Acme <help@acme.test>\nGesendet: 2 Nov 2026 10:15\nAn: Ann"},
		{name: "no subject, french", block: "De: Acme <help@acme.test>\nEnvoyé: 2 Nov 2026 10:15\nÀ: Ann"},
	}
	for _, tt := range tests {
		wantAnswer(t, tt.name, "My answer.\n\n"+tt.block+"\n\nOld text", "My answer.", "Old text")
	}
}

func TestTwoLabelsAreNoHeaderBlock(t *testing.T) {
	t.Parallel()
	wantAllShown(t, "two labels", "From: the door\nTo: the window\nthat is how far it is")
}
