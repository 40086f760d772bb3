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

// Each test makes a world (harness_test.go): an engine with a database of its own, between a fake provider, by which
// customers write and are answered, and a fake chat, in whose channel "support" agents work.

// solve lets a customer ask something, and lets ann answer and resolve the conversation.
func (w *world) solve(customer, name, asked, answer string) {
	w.t.Helper()
	before := w.countResolved()
	w.customerSends(chat, channelstest.Event{From: customer, Name: name, Text: asked})
	thread := w.waitThread(asked)
	w.waitDrained()
	w.exec(`UPDATE bursts SET due_at = parley_now()`)
	w.waitAnalysed()
	w.reply(thread, "!reply "+answer)
	w.eventually("it is answered", func() bool { return strings.Contains(strings.Join(w.sentTexts(), "\n"), answer) })
	w.waitDrained()
	w.reply(thread, "!resolve")
	w.eventually("it is resolved", func() bool { return w.countResolved() == before+1 })
}

// countResolved counts the resolved conversations.
func (w *world) countResolved() int {
	w.t.Helper()
	return w.count(`SELECT count(*) FROM conversations WHERE status = 'resolved'`)
}

// findNothing is an Analyzer that finds nothing, and keeps the questions that it was asked.
func findNothing() *reader {
	return &reader{find: func(analysis.Question) (analysis.Answer, error) {
		return analysis.Answer{Sentiment: analysis.Neutral}, nil
	}}
}

// waitLearned waits until the number of resolved conversations that may help others is n.
func (w *world) waitLearned(n int) {
	w.t.Helper()
	w.eventually("they may help others", func() bool { return w.count(`SELECT count(*) FROM solved`) == n })
}

// The answer in a resolved conversation is suggested when another customer asks the same. A note names the agent who gave
// it, who may take the new conversation.
// Requirement R-184: Suggested deeds.
// Requirement R-185: Suggested replies.
func TestSuggestedFromResolvedConversations(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{analyzer: offline.New()})
	const answer = "Please put the return slip into the parcel and bring it to the post office within 30 days."
	w.solve("kim", "Kim", "How do I return my lamp? Where is the return slip?", answer)
	w.waitLearned(1)
	w.customerWrites("joe", "I want to return a lamp. Is there a return slip?")
	w.waitShown("I want to return a lamp")
	w.makeBurstsDue()
	w.eventually("a reply is suggested", func() bool { return w.suggestionsIn(2) != 0 })

	suggested := must(w.engines[0].Desk(w.surface).Suggested(t.Context(), 2, w.suggestionsIn(2), "ann"))(t)
	if len(suggested) != 1 || len(suggested[0].Sources) != 1 {
		t.Fatalf("suggested is %+v, want one reply of one source", suggested)
	}
	wantEqual(t, "the suggested reply", suggested[0].Text, answer)
	wantEqual(t, "its source", suggested[0].Sources[0].Title, "Conversation #1")
	naming := w.count(`SELECT count(*) FROM deliveries WHERE payload #>> '{line,Solver,Email}' LIKE 'ann%'`)
	wantEqual(t, "notes that name who answered such before", naming, 1)
}

// A resolved conversation that is open again doesn't help to answer others.
// Requirement R-185: Suggested replies.
func TestReopenedConversationHelpsNobody(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{analyzer: offline.New()})
	w.solve("kim", "Kim", "How do I return my lamp? Where is the return slip?", "Please put the return slip into the parcel.")
	w.waitLearned(1)
	w.reply(w.waitThread("How do I return my lamp?"), "!reopen")
	w.waitLearned(0)
}

// A resolved conversation helps others with the customer's messages as they were edited in the end, without the deleted
// ones.
// Requirement R-185: Suggested replies.
func TestEditedQuestionHelpsOthers(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{analyzer: offline.New()})
	one, two := w.customerWrites("kim", "How do I return my sofa?"), w.customerWrites("kim", "My neighbour sues me")
	thread := w.waitThread("neighbour")
	w.postChatEvent(edit(one, "How do I return my lamp?"))
	w.postChatEvent(deletion(two))
	w.waitLine(thread, bridge.LineDeleted)
	w.waitDrained()
	w.reply(thread, "!reply Bring it to the post office.")
	w.provider.WaitTexts(t, "Bring it to the post office.")
	w.waitDrained()
	w.reply(thread, "!resolve")
	w.waitLearned(1)
	wantEqual(t, "what was asked", strings.TrimSpace(w.text(`SELECT asked FROM solved`)), "How do I return my lamp?")
}

// If the analysis of a resolved conversation is switched off, questions of others contain nothing of it. If it is
// switched on again, they do.
// Requirement R-185: Suggested replies.
func TestSwitchedOffHelpsNobody(t *testing.T) {
	t.Parallel()
	r := findNothing()
	w := newWorld(t, options{analyzer: r})
	w.solve("kim", "Kim", "Where is the return slip of my lamp?", "It is in the parcel.")
	w.waitLearned(1)

	w.switchAnalysis("off")
	desk := w.askForReturnSlip(r, "joe")
	wantEqual(t, "examples in the question while it is switched off", len(desk.Examples), 0)
	wantEqual(t, "sources in the question while it is switched off", len(desk.Sources), 0)

	w.switchAnalysis("on")
	desk = w.askForReturnSlip(r, "lee")
	wantEqual(t, "examples in the question when it is switched on again", len(desk.Examples), 1)
	wantEqual(t, "sources in the question when it is switched on again", len(desk.Sources), 1)
}

// switchAnalysis switches the analysis of the first conversation "on" or "off".
func (w *world) switchAnalysis(to string) {
	w.t.Helper()
	w.reply(w.waitThread("Where is the return slip"), "!analysis "+to)
	w.eventually("the analysis is "+to, func() bool {
		return w.count(`SELECT count(*) FROM conversations WHERE id = 1 AND coalesce(traits->>'analysis', 'on') = $1`, to) == 1
	})
}

// askForReturnSlip lets a customer ask for a return slip, and returns the desk of the question that was asked about that.
func (w *world) askForReturnSlip(r *reader, customer string) analysis.Desk {
	w.t.Helper()
	before := len(r.questions())
	w.customerWrites(customer, "I miss the return slip of my lamp.")
	w.makeBurstsDue()
	w.eventually("it is analysed", func() bool { return len(r.questions()) > before })
	w.waitAnalysed()
	w.waitDrained()
	return r.questions()[before].Desk
}

// An answer with an exception about one order, which would be removed as personal, isn't suggested at all.
// Requirement R-185: Suggested replies.
func TestAnswerWithAnExceptionIsNotSuggested(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{analyzer: offline.New()})
	w.solve("kim", "Kim", "Kann ich die Lampe zurückgeben?",
		"Ja, Sie können die Lampe zurückgeben.\nNicht für Bestellung 48213.\nDas Geld kommt nach 5 Werktagen.")
	w.waitLearned(1)
	wantEqual(t, "the answer that is kept", w.text(`SELECT answered FROM solved`), "")
}

// An answer that names a colleague isn't suggested, whichever agent gave it.
// Requirement R-185: Suggested replies.
func TestAnswerThatNamesAnAgentIsNotSuggested(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{analyzer: offline.New()})
	must(store.SaveAgent(t.Context(), w.pool, store.Agent{Email: "quincy@acme.test", Name: "Esmeralda Quincy", Zone: "UTC"}))(t)
	w.reloadEngines()
	w.solve("kim", "Kim", "Where is the return slip of my lamp?", "It is in the parcel that Esmeralda Quincy packed.")
	w.waitLearned(1)
	wantEqual(t, "the answer that is kept", w.text(`SELECT answered FROM solved`), "")
}

// pastCustomer is a customer with a resolved conversation that may help others.
type pastCustomer struct {
	id, name      string
	asked, answer string
	mustNotShow   []string // in lower case: what would tell who the customer is
}

func pastCustomers() []pastCustomer {
	return []pastCustomer{
		{
			id: "esmeralda", name: "Esmeralda Quincy",
			asked:       "Lamp: this is Esmeralda Quincy of 7 Zanzibar Lane, order QX-88123, please call +44 20 7946 0958.",
			answer:      "Lamp: Esmeralda, we send it to 7 Zanzibar Lane today.",
			mustNotShow: []string{"esmeralda", "quincy", "zanzibar", "88123", "7946"},
		},
		{
			id: "traugott", name: "Traugott Wüllner",
			asked:       "Lamp: bitte an den Zimtsternweg 7, 47906 Kempen liefern. Traugott Wüllner",
			answer:      "Lamp: wir liefern an Traugott Wüllner, Zimtsternweg 7.",
			mustNotShow: []string{"traugott", "wüllner", "wullner", "zimtstern", "47906", "kempen"},
		},
		{
			id: "amelie", name: "Amélie Roquefeuil",
			asked:       "Lamp: j'habite 12 rue des Canaris, 75011 Paris. Amelie ROQUEFEUIL",
			answer:      "Lamp: Amélie, nous livrons 12 rue des Canaris demain.",
			mustNotShow: []string{"amélie", "amelie", "roquefeuil", "canaris", "75011", "paris"},
		},
		{
			id: "inigo", name: "Íñigo Zabaleta",
			asked:       "Lamp: vivo en la calle Canario Amarillo, 15. Soy Iñigo, DNI 12345678Z.",
			answer:      "Lamp: Iñigo, la enviamos a la calle Canario Amarillo, 15.",
			mustNotShow: []string{"íñigo", "inigo", "iñigo", "zabaleta", "canario", "12345678"},
		},
		{
			id: "leonor", name: "Leonor Vasconcelos",
			asked:       "Lamp: moro na Rua do Canário 33, 1200-109 Lisboa. Leonor Vasconcelos",
			answer:      "Lamp: Leonor, enviamos para a Rua do Canário 33.",
			mustNotShow: []string{"leonor", "vasconcelos", "canário", "1200", "lisboa"},
		},
		{
			id: "ludovica", name: "Ludovica Malaspina",
			asked:       "Lamp: abito in via dei Canarini 5, 20121 Milano. Ludovica Malaspina",
			answer:      "Lamp: Ludovica, la spediamo in via dei Canarini 5.",
			mustNotShow: []string{"ludovica", "malaspina", "canarini", "20121", "milano"},
		},
		{
			id: "wilhelmina", name: "Wilhelmina Kraaijenbrink",
			asked:       "Lamp: ik woon aan de Kanarielaan 8, 1234 AB Utrecht, w.kraaijenbrink@canary.test",
			answer:      "Lamp: Wilhelmina, we sturen hem naar de Kanarielaan 8.",
			mustNotShow: []string{"wilhelmina", "kraaijenbrink", "kanarielaan", "1234", "utrecht"},
		},
		{
			id: "swieto", name: "Świętosława Kanarek",
			asked:       "Lamp: mieszkam przy ul. Kanarkowej 21, 00-950 Warszawa, faktura FV/2026/1187.",
			answer:      "Lamp: Świętosława, wysyłamy na ul. Kanarkowej 21.",
			mustNotShow: []string{"świętosława", "kanar", "00-950", "warszawa", "1187"},
		},
	}
}

// suggestAll is an Analyzer that suggests all texts that it gets from resolved conversations.
func suggestAll() *reader {
	return &reader{find: func(q analysis.Question) (analysis.Answer, error) {
		a := analysis.Answer{Sentiment: analysis.Neutral, Intents: []string{"return"}}
		for _, s := range q.Desk.Sources {
			a.Replies = append(a.Replies,
				analysis.Reply{Text: s.Text, Sources: []string{s.ID}},
				analysis.Reply{Text: s.Reply, Sources: []string{s.ID}})
		}
		return a, nil
	}}
}

// Questions and suggestions contain nothing that tells who the customers of resolved conversations are, in eight
// languages. The Analyzer suggests all that it gets, so that a name in a question would show.
// Requirement R-185: Suggested replies.
func TestOthersStayUnknown(t *testing.T) {
	t.Parallel()
	r := suggestAll()
	w := newWorld(t, options{analyzer: r})
	customers := pastCustomers()
	for _, c := range customers {
		w.solve(c.id, c.name, c.asked+" The lamp is broken, and we would like to have another one.", c.answer)
	}
	w.waitLearned(len(customers))
	before := len(r.questions())
	w.customerWrites("joe", "lamp lamp? bitte, ik, moro, vivo, abito, mieszkam, habite, please call this order") // a word of each language
	w.waitShown("lamp lamp?")
	w.makeBurstsDue()
	w.eventually("it is analysed", func() bool { return len(r.questions()) > before })
	w.waitAnalysed()
	w.waitDrained()

	desk := r.questions()[before].Desk
	if len(desk.Examples) < 6 {
		t.Fatalf("only %d conversations are in the question: %+v, want at least 6", len(desk.Examples), desk)
	}
	question := strings.ToLower(string(must(json.Marshal(desk))(t)))
	joes := len(customers) + 1 // the number of joe's conversation
	suggested := strings.ToLower(w.text(`SELECT string_agg(replies::text, ' ') FROM suggested_replies WHERE conversation_id = $1`, joes))
	kept := strings.ToLower(w.text(`SELECT string_agg(asked || ' ' || answered || ' ' || words::text, ' ') FROM solved`))
	for _, c := range customers {
		wantNoWords(t, "the question", question, c.mustNotShow...)
		wantNoWords(t, "what is suggested", suggested, c.mustNotShow...)
		wantNoWords(t, "what is kept of resolved conversations", kept, c.mustNotShow...)
	}
}

// Resolved conversations of an account with a private channel don't help others.
// Requirement R-185: Suggested replies.
// Requirement R-212: Only some people read an account.
func TestPrivateChannelHelpsNobody(t *testing.T) {
	t.Parallel()
	w := newSecludedWorld(t, options{analyzer: findNothing()})
	w.repeatUntil("an agent of the channel resolves it", func() {
		w.chat.Submit("ben", support, "", formOf(bridge.VerbResolve), "")
	}, func() bool { return w.countResolved() == 1 })
	w.eventually("it was looked at", func() bool { return w.count(`SELECT count(*) FROM solved_due`) == 0 })
	wantEqual(t, "conversations that may help others", w.count(`SELECT count(*) FROM solved`), 0)
}
