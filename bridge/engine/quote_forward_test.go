package engine

import "testing"

// A forwarded mail is read in the form of each program, in any language; an answer that quotes a header isn't one.
//
// Requirement R-260: A forwarded mail is its sender's.
func TestReadForward(t *testing.T) {
	t.Parallel()
	const gmail = "Please handle.\n\n-- \nAnn Lee\n\n---------- Forwarded message ---------\nFrom: **Tilda Moor** \\<tilda@customer.test>\n" +
		"Date: Sun, 29 Nov 2026 at 18:00\nSubject: Broken heater\nTo: \\<ann@acme.test>\n\n\nMy heater broke.\n\nTilda"
	tests := []struct{ name, subject, text, note, author, says string }{
		{"Gmail", "Fwd: Broken heater", gmail, "Please handle.", "Tilda Moor", "My heater broke.\n\nTilda"},
		{"Gmail, French", "Fwd: Panne",
			"---------- Forwarded message ---------\nDe : **Tilda Moor** \\<tilda@customer.test>\nDate: dim. 29 nov. 2026 à 18:00\n" +
				"Subject: Panne\nTo: \\<ann@acme.test>\n\nElle est en panne.", "", "Tilda Moor", "Elle est en panne."},
		{"Outlook", "FW: Broken heater",
			"Please.\n\n**From:** Tilda Moor <tilda@customer.test>\n**Sent:** Sunday, November 29, 2026 6:00 PM\n**To:** Ann Lee <ann@acme.test>\n" +
				"**Subject:** Broken heater\n\nMy heater broke.", "Please.", "Tilda Moor", "My heater broke."},
		{"Outlook, German, plain", "WG: Heizung",
			"Bitte prüfen.\n\n-----Ursprüngliche Nachricht-----\nVon: Tilda Moor [mailto:tilda@customer.test]\n" +
				"Gesendet: Sonntag, 29. November 2026 18:00\nAn: Ann \\<ann@acme.test>\nBetreff: Heizung\n\nSie ist kaputt.",
			"Bitte prüfen.", "Tilda Moor", "Sie ist kaputt."},
		{"Outlook for phones, Japanese", "FW: 故障",
			"________________________________\n差出人: tilda@customer.test\n送信日時: 2026年11月29日 18:00\n宛先: ann@acme.test\n件名: 故障\n\n壊れました。",
			"", "", "壊れました。"},
		{"Apple Mail", "Fwd: Broken heater",
			"Please.\n\nBegin forwarded message:\n\n> **From:** Tilda Moor <tilda@customer.test>\n> **Subject: Broken heater**\n" +
				"> **Date:** 29. November 2026 at 18:00:00 CET\n> **To:** ann@acme.test\n>\n> My heater broke.\n> > Did it?",
			"Please.", "Tilda Moor", "My heater broke.\n> Did it?"},
		{"Apple Mail, Spanish", "Rv: Avería",
			"Inicio del mensaje reenviado:\n\n> De: Tilda Moor \\<tilda@customer.test>\n> Asunto: Avería\n> Fecha: 29 de noviembre de 2026, 18:00\n" +
				"> Para: ann@acme.test\n>\n> No funciona.", "", "Tilda Moor", "No funciona."},
		{"Thunderbird", "Fwd: Broken heater",
			"\n\n\\-------- Forwarded Message --------\nSubject: Broken heater\nDate: Sun, 29 Nov 2026 18:00:00 +0100\n" +
				"From: Tilda Moor <tilda@customer.test>\nTo: ann@acme.test\n\nMy heater broke.", "", "Tilda Moor", "My heater broke."},
		{"Thunderbird, Italian", "Fwd: Guasto",
			"-------- Messaggio Inoltrato --------\nOggetto: Guasto\nData: Sun, 29 Nov 2026 18:00:00 +0100\n" +
				"Mittente: Tilda Moor <tilda@customer.test>\nA: ann@acme.test\n\nNon funziona.", "", "Tilda Moor", "Non funziona."},
		{"a name like an address", "Fwd: Heater", "From: \"cfo@partner.test\" <tilda@customer.test>\nDate: Sun, 29 Nov 2026 at 18:00\n" +
			"To: ann@acme.test\n\nIt broke.", "", "cfo@partner.test", "It broke."},
		{"an answer", "Re: Broken heater", gmail, "", "", ""},
		{"no header", "Fwd: Broken heater", "See below.\n\n> My heater broke.", "", "", ""},
		{"an author without an address", "FW: Heater",
			"From: Tilda Moor\nSent: Sunday, November 29, 2026 6:00 PM\nTo: Ann <ann@acme.test>\nSubject: Heater\n\nIt broke.", "", "", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			f, ok := ReadForward(tt.text, tt.subject)
			want := Forward{Note: tt.note, Name: tt.author, Address: "tilda@customer.test", Text: tt.says}
			if tt.says == "" {
				want, f.Address, f.Name = Forward{}, "", ""
			}
			if ok != (tt.says != "") || f != want {
				t.Errorf("got %+v, %v; want %+v", f, ok, want)
			}
		})
	}
}
