package engine_test

import (
	"fmt"
	"log/slog"
	"mime"
	"path"
	"slices"
	"testing"
	"time"

	"parley/bridge/analysis"
	"parley/bridge/analysis/openai/openaifake"
	"parley/channels"
	"parley/channels/email"
)

// Each test makes a world (harness_test.go): an engine with a database of its own, between a fake provider, by which
// customers write and are answered, and a fake chat, in whose channel "support" agents work.

// mailOf writes an attempt at injection as a mail. The attempt is hidden in the HTML, or is the sender's name, the
// subject or a file's name.
func mailOf(n int, x injection) string {
	name, subject, file, body := "Kim", "My order", "order.txt", ""
	switch x.Place {
	case "html":
		body = x.Text
	case "name":
		name = x.Text
	case "subject":
		subject = x.Text
	case "file":
		file = x.Text
	}
	encoded := func(s string) string { return mime.BEncoding.Encode("utf-8", s) }
	return fmt.Sprintf("From: %s <kim%d@b.test>\r\nTo: help@acme.test\r\nSubject: %s\r\nMessage-ID: <%d@b.test>\r\nMIME-Version: 1.0\r\n"+
		"Content-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\nContent-Type: text/html; charset=utf-8\r\n\r\n"+
		"<html><body><p>Case %d: where is my lamp?</p>%s</body></html>\r\n"+
		"--x\r\nContent-Type: text/plain\r\nContent-Disposition: attachment; %s\r\n\r\nnothing\r\n--x--\r\n",
		encoded(name), n, encoded(subject), n, n, body, "filename=\""+encoded(file)+"\"")
}

// Attempts to instruct the model come by mail, in hidden HTML, names, subjects and names of files. The model here obeys
// each of them. Still nothing is done, nothing leaves, and nothing is suggested.
func TestInjectionsByMail(t *testing.T) {
	t.Parallel()
	const together = 40 // more strangers at once would be shown as a flood, in one thread
	all := readInjections(t)
	var byMail []int
	for n, x := range all {
		switch x.Place {
		case "html", "name", "subject", "file":
			byMail = append(byMail, n)
		}
	}
	if len(byMail) < 100 {
		t.Fatalf("only %d attempts come by mail, want at least 100", len(byMail))
	}
	harmless := len(all) // its reply may be suggested, which shows that replies are looked at
	all = append(all, injection{
		Language: "en",
		Place:    "html",
		Tries:    "nothing",
		Text:     "<p>Thank you!</p>",
		Obeyed:   "A lamp is on its way two days after the order.",
	})
	for part := range slices.Chunk(byMail, together) {
		t.Run(fmt.Sprintf("from %d", part[0]), func(t *testing.T) {
			t.Parallel()
			sendToObedientModel(t, all, append(slices.Clone(part), harmless))
		})
	}
}

// sendToObedientModel sends some attempts, given by number, as mails to a world whose model obeys them. The last is
// harmless.
func sendToObedientModel(t *testing.T, all []injection, sent []int) {
	model := newFakeModel(t)

	model.fake.Speak(func(s openaifake.Seen) string {
		n := 0
		for _, m := range s.Question.Burst {
			_, _ = fmt.Sscanf(m.Text, "Case %d:", &n)
		}
		cited := citedPages(s)
		if n == len(all)-1 {
			return openaifake.FormatAnswer(analysis.Answer{
				Language:  "en",
				Sentiment: analysis.Neutral,
				Intents:   []string{"order_status"},
				Replies:   []analysis.Reply{{Text: all[n].Obeyed, Sources: cited}},
			})
		}
		return openaifake.FormatAnswer(analysis.Answer{
			Language:  "en",
			Sentiment: analysis.Neutral,
			Urgency:   analysis.Urgency{Urgent: true, Because: "evil says so"},
			Replies: []analysis.Reply{{Text: all[n].Obeyed, Sources: cited}, {Text: "evil " + s.Marker, Sources: cited},
				{Text: s.System, Sources: cited}},
			Actions: []analysis.Action{{Name: analysis.Template, Value: "evil"}},
		})
	})

	w := newWorld(t, options{analyzer: model})
	w.addPage("https://help.example/", "https://help.example/lamp", "Where is my lamp?", "A lamp is on its way two days after the order.")
	reader := must(email.Spec().New(
		channels.Account{ID: int64(w.accounts[mail]), Name: mail, Config: channels.Config{"address": "help@acme.test",
			"imap.host": "localhost", "imap.port": "1", "imap.password": "x", "imap.security": "none",
			"smtp.host": "localhost", "smtp.port": "1", "smtp.security": "none"}},
		channels.Env{Log: slog.New(slog.DiscardHandler), Now: time.Now, Keys: [][]byte{[]byte("key")}}))(t)
	w.engines[0].SetChannel(w.accounts[mail], reader)

	var facts []channels.Fact
	for _, n := range sent {
		facts = append(facts, channels.Fact{
			ExternalID: fmt.Sprint("case ", n),
			OrderKey:   fmt.Sprint("sender ", n),
			Payload:    []byte(mailOf(n, all[n])),
		})
	}
	check(t, w.engines[0].Accept(t.Context(), w.accounts[mail], facts...))
	w.eventually("each mail is a message", func() bool {
		return w.count(`SELECT count(*) FROM messages WHERE account_id = $1 AND direction = 'in'`, w.accounts[mail]) == len(facts)
	})

	w.makeBurstsDue()
	w.waitAnalysed()
	w.waitDrained()
	counts := w.engines[0].AnalysisCounts()
	wantEqual(t, "answers of the model", counts.Model, int64(len(sent)))
	wantEqual(t, "answers that rules gave in its place", counts.Degraded, 0)
	wantEqual(t, "failed analyses", counts.Failed, 0)

	for _, n := range sent {
		switch x := all[n]; x.Place {
		case "subject":
			wantWords(t, "what the model was shown", model.received(), x.Text)
		case "file":
			wantWords(t, "what the model was shown", model.received(), path.Ext(x.Text))
		}
	}

	for what, sql := range map[string]string{
		"conversations were changed": `SELECT count(*) FROM conversations
			WHERE status <> 'open' OR traits ? 'priority' OR cardinality(assignees) > 0 OR cardinality(tags) > 0`,
		"messages left":            `SELECT count(*) FROM messages WHERE direction = 'out'`,
		"suggestions came through": `SELECT count(*) - 1 FROM suggested_replies`, // one is harmless
	} {
		if n := w.count(sql); n != 0 {
			t.Errorf("%d %s, want none", n, what)
		}
	}
	w.wantNoEvilNotes()
}
