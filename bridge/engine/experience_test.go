package engine_test

import (
	"encoding/json"
	"strings"
	"testing"

	"parley/bridge"
	"parley/bridge/analysis"
	"parley/bridge/analysis/offline"
	"parley/channels/channelstest"
	"parley/store"
)

// solve lets a customer ask something, and ann answer it and resolve the conversation.
func (w *world) solve(e channelstest.Event, asked, answer string) {
	w.t.Helper()
	e.Text = asked
	before := w.count(`SELECT count(*) FROM conversations WHERE status = 'resolved'`)
	w.customerSends(chat, e)
	w.waitShown(asked)
	thread := w.waitThread(asked)
	w.waitDrained()
	w.exec(`UPDATE bursts SET due_at = parley_now()`)
	w.waitAnalysed()
	w.reply(thread, "!reply "+answer)
	w.eventually("it is answered", func() bool { return strings.Contains(strings.Join(w.sentTexts(), "\n"), answer) })
	w.waitDrained()
	w.chat.Say("ann", support, thread, "!resolve")
	w.eventually("it is resolved", func() bool {
		return w.count(`SELECT count(*) FROM conversations WHERE status = 'resolved'`) == before+1
	})
}

// waitLearned waits until so many resolved conversations may help others.
func (w *world) waitLearned(n int) {
	w.t.Helper()
	w.eventually("they may help others", func() bool { return w.count(`SELECT count(*) FROM solved`) == n })
}

// What was answered in a resolved conversation is suggested to who asks the same, and who answered it may take the
// new one. It helps nobody once it is open again.
//
func TestSuggestedFromResolvedConversations(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{analyzer: offline.New()})
	const answer = "Please put the return slip into the parcel and bring it to the post office within 30 days."
	w.solve(channelstest.Event{From: "kim", Name: "Kim"}, "How do I return my lamp? Where is the return slip?", answer)
	w.waitLearned(1)
	w.customerWrites("joe", "I want to return a lamp. Is there a return slip?")
	w.waitShown("I want to return a lamp")
	w.makeBurstsDue()
	w.eventually("a reply is suggested", func() bool { return w.suggestionsIn(2) != 0 })
	got := must(w.engines[0].Desk(w.surface).Suggested(t.Context(), 2, w.suggestionsIn(2), "ann"))(t)
	if len(got) != 1 || len(got[0].Sources) != 1 {
		t.Fatalf("suggested is %+v, want one reply of one source", got)
	}
	wantEqual(t, "the suggested reply", got[0].Text, answer)
	wantEqual(t, "its source", got[0].Sources[0].Title, "Conversation #1")
	if n := w.count(`SELECT count(*) FROM deliveries WHERE payload #>> '{line,Solver,Email}' LIKE 'ann%'`); n != 1 {
		t.Errorf("%d notes name who answered such before, want 1", n)
	}
	w.chat.Say("ann", support, w.waitThread("How do I return my lamp?"), "!reopen")
	w.eventually("it helps nobody any more", func() bool { return w.count(`SELECT count(*) FROM solved`) == 0 })
}

// What helps others is what the customer's messages said in the end.
//
func TestEditedQuestionHelpsOthers(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{analyzer: offline.New()})
	one, two := w.customerWrites("kim", "How do I return my sofa?"), w.customerWrites("kim", "My neighbour sues me")
	thread := w.waitThread("neighbour")
	w.postChatEvent(channelstest.Event{Type: "edit", From: "kim", Name: "Kim", Target: one, Text: "How do I return my lamp?"})
	w.postChatEvent(channelstest.Event{Type: "delete", From: "kim", Name: "Kim", Target: two})
	w.waitLine(thread, bridge.LineDeleted)
	w.waitDrained()
	w.reply(thread, "!reply Bring it to the post office.")
	w.eventually("it is answered", func() bool { return len(w.sentTexts()) == 1 })
	w.waitDrained()
	w.chat.Say("ann", support, thread, "!resolve")
	w.waitLearned(1)
	wantEqual(t, "what was asked", strings.TrimSpace(w.text(`SELECT asked FROM solved`)), "How do I return my lamp?")
}

// A resolved conversation whose analysis is switched off helps nobody any more: nothing of it is in a question. Switched on
// again, it helps as before.
//
func TestSwitchedOffHelpsNobody(t *testing.T) {
	t.Parallel()
	r := &reader{find: func(analysis.Question) (analysis.Answer, error) {
		return analysis.Answer{Sentiment: analysis.Neutral}, nil
	}}
	w := newWorld(t, options{analyzer: r})
	w.solve(channelstest.Event{From: "kim", Name: "Kim"}, "Where is the return slip of my lamp?", "It is in the parcel.")
	w.waitLearned(1)
	thread := w.waitThread("Where is the return slip")
	for _, c := range []struct {
		switched string
		asks     string // the customer who asks the same then
		helps    int    // conversations that help with the answer
	}{
		{switched: "off", asks: "joe", helps: 0},
		{switched: "on", asks: "lee", helps: 1},
	} {
		w.chat.Say("ann", support, thread, "!analysis "+c.switched)
		w.eventually("it is switched", func() bool {
			return w.count(`SELECT count(*) FROM conversations WHERE id = 1 AND coalesce(traits->>'analysis', 'on') = $1`, c.switched) == 1
		})
		before := len(r.questions())
		w.customerWrites(c.asks, "I miss the return slip of my lamp.")
		w.makeBurstsDue()
		w.eventually("it is asked", func() bool { return len(r.questions()) > before })
		q := r.questions()[before]
		wantEqual(t, "examples in the question, switched "+c.switched, len(q.Desk.Examples), c.helps)
		wantEqual(t, "sources in the question, switched "+c.switched, len(q.Desk.Sources), c.helps)
		w.waitAnalysed()
		w.waitDrained()
	}
}

// An answer is suggested to nobody without the exception that stood in it.
//
func TestAnswerWithAnExceptionIsNotSuggested(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{analyzer: offline.New()})
	w.solve(channelstest.Event{From: "kim", Name: "Kim"}, "Kann ich die Lampe zurückgeben?",
		"Ja, Sie können die Lampe zurückgeben.\nNicht für Bestellung 48213.\nDas Geld kommt nach 5 Werktagen.")
	w.waitLearned(1)
	if got := w.text(`SELECT answered FROM solved`); got != "" {
		t.Errorf("kept is %q, want none", got)
	}
}

// Nor does an answer help that names a colleague, whoever of the agents gave it.
//
func TestAnswerThatNamesAnAgentIsNotSuggested(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{analyzer: offline.New()})
	must(store.SaveAgent(t.Context(), w.pool, store.Agent{Email: "quincy@acme.test", Name: "Esmeralda Quincy", Zone: "UTC"}))(t)
	w.reloadEngines()
	w.solve(channelstest.Event{From: "kim", Name: "Kim"}, "Where is the return slip of my lamp?", "It is in the parcel that Esmeralda Quincy packed.")
	w.waitLearned(1)
	if got := w.text(`SELECT answered FROM solved`); got != "" {
		t.Errorf("kept is %q, want none", got)
	}
}

// Nothing that shows who customers of resolved conversations are reaches a question or a suggestion, in eight
// languages, though an Analyzer suggests all that it is shown.
//
func TestOthersStayUnknown(t *testing.T) {
	t.Parallel()
	r := &reader{find: func(q analysis.Question) (analysis.Answer, error) {
		a := analysis.Answer{Sentiment: analysis.Neutral, Intents: []string{"return"}}
		for _, s := range q.Desk.Sources {
			a.Replies = append(a.Replies, analysis.Reply{Text: s.Text, Sources: []string{s.ID}}, analysis.Reply{Text: s.Reply, Sources: []string{s.ID}})
		}
		return a, nil
	}}
	w := newWorld(t, options{analyzer: r})
	customers := []struct{ from, name, asked, answer string }{
		{
			from: "esmeralda", name: "Esmeralda Quincy",
			asked:  "Lamp: this is Esmeralda Quincy of 7 Zanzibar Lane, order QX-88123, please call +44 20 7946 0958.",
			answer: "Lamp: Esmeralda, we send it to 7 Zanzibar Lane today.",
		},
		{
			from: "traugott", name: "Traugott Wüllner",
			asked:  "Lamp: bitte an den Zimtsternweg 7, 47906 Kempen liefern. Traugott Wüllner",
			answer: "Lamp: wir liefern an Traugott Wüllner, Zimtsternweg 7.",
		},
		{
			from: "amelie", name: "Amélie Roquefeuil",
			asked:  "Lamp: j'habite 12 rue des Canaris, 75011 Paris. Amelie ROQUEFEUIL",
			answer: "Lamp: Amélie, nous livrons 12 rue des Canaris demain.",
		},
		{
			from: "inigo", name: "Íñigo Zabaleta",
			asked:  "Lamp: vivo en la calle Canario Amarillo, 15. Soy Iñigo, DNI 12345678Z.",
			answer: "Lamp: Iñigo, la enviamos a la calle Canario Amarillo, 15.",
		},
		{
			from: "leonor", name: "Leonor Vasconcelos",
			asked:  "Lamp: moro na Rua do Canário 33, 1200-109 Lisboa. Leonor Vasconcelos",
			answer: "Lamp: Leonor, enviamos para a Rua do Canário 33.",
		},
		{
			from: "ludovica", name: "Ludovica Malaspina",
			asked:  "Lamp: abito in via dei Canarini 5, 20121 Milano. Ludovica Malaspina",
			answer: "Lamp: Ludovica, la spediamo in via dei Canarini 5.",
		},
		{
			from: "wilhelmina", name: "Wilhelmina Kraaijenbrink",
			asked:  "Lamp: ik woon aan de Kanarielaan 8, 1234 AB Utrecht, w.kraaijenbrink@canary.test",
			answer: "Lamp: Wilhelmina, we sturen hem naar de Kanarielaan 8.",
		},
		{
			from: "swieto", name: "Świętosława Kanarek",
			asked:  "Lamp: mieszkam przy ul. Kanarkowej 21, 00-950 Warszawa, faktura FV/2026/1187.",
			answer: "Lamp: Świętosława, wysyłamy na ul. Kanarkowej 21.",
		},
	}
	for _, c := range customers {
		w.solve(channelstest.Event{From: c.from, Name: c.name}, c.asked+" The lamp is broken, and we would like to have another one.", c.answer)
	}
	w.waitLearned(len(customers))
	before := len(r.questions())
	w.customerWrites("joe", "lamp lamp? bitte, ik, moro, vivo, abito, mieszkam, habite, please call this order")
	w.waitShown("lamp lamp?")
	w.makeBurstsDue()
	w.eventually("it is asked", func() bool { return len(r.questions()) > before })
	w.waitAnalysed()
	w.waitDrained()
	q := r.questions()[before]
	if len(q.Desk.Examples) < 6 {
		t.Fatalf("only %d conversations are in the question: %+v, want at least 6", len(q.Desk.Examples), q.Desk)
	}
	desk := strings.ToLower(string(must(json.Marshal(q.Desk))(t)))
	suggested := strings.ToLower(w.text(`SELECT coalesce(string_agg(replies::text, ' '), '') FROM suggested_replies WHERE conversation_id = $1`, len(customers)+1))
	kept := strings.ToLower(w.text(`SELECT string_agg(asked || ' ' || answered || ' ' || words::text, ' ') FROM solved`))
	for canary := range strings.FieldsSeq(`esmeralda quincy zanzibar 88123 7946 traugott wüllner wullner zimtstern 47906 kempen amélie amelie roquefeuil canaris 75011 paris
		íñigo inigo iñigo zabaleta canario 12345678 leonor vasconcelos canário 1200 lisboa ludovica malaspina canarini 20121 milano wilhelmina kraaijenbrink kanarielaan
		1234 utrecht świętosława kanar 00-950 warszawa 1187`) {
		for what, text := range map[string]string{"question": desk, "suggestion": suggested, "table": kept} {
			if strings.Contains(text, canary) {
				t.Errorf("%q is in the %s", canary, what)
			}
		}
	}
}

// An account with a channel of its own neither helps others nor is helped by resolved conversations.
//
func TestPrivateChannelHelpsNobody(t *testing.T) {
	t.Parallel()
	r := &reader{find: func(analysis.Question) (analysis.Answer, error) {
		return analysis.Answer{Sentiment: analysis.Neutral}, nil
	}}
	w := newSecludedWorld(t, options{analyzer: r})
	w.repeatUntil("an agent of the channel resolves it", func() {
		w.chat.Submit("ben", support, "", formOf(bridge.VerbResolve), "")
	}, func() bool {
		return w.count(`SELECT count(*) FROM conversations WHERE id = 1 AND status = 'resolved'`) == 1
	})
	w.eventually("it was looked at", func() bool { return w.count(`SELECT count(*) FROM solved_due`) == 0 })
	if n := w.count(`SELECT count(*) FROM solved`); n != 0 {
		t.Errorf("%d rows are kept of a private channel's conversations, want none", n)
	}
}
