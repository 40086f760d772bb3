package emulators

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"sync"

	"parley/bridge/analysis"
	"parley/bridge/analysis/openai/openaifake"
	"parley/cmd/parley/torture/checker"
)

// This file emulates the language model of a test run. Parley asks it about customers' messages by OpenAI's API. The
// model answers with the markers in the question (unique words, such as "inbound-c017-5"), so that the checker can see
// which messages an answer is about. Sometimes it fails, or quotes another conversation, as real models do.

// The key and the name by which Parley uses the model.
const (
	modelKey  = "torture-model-key"
	modelName = "torture-model"
)

// modelFaultShare is the share of requests that fail while faults are armed.
const modelFaultShare = 0.4

// PCG streams that keep the random sequences of one seed independent.
const (
	faultStream  = 3
	answerStream = 4
)

// hallucinationShare is the share of successful answers that quote another conversation.
const hallucinationShare = 0.25

// model is a chat completions server that fails by chance.
type model struct {
	*openaifake.Running
	answerer *answerer

	mu        sync.Mutex
	read      int                // the number of requests that are already in questions
	questions [][]checker.Marker // the markers of each question that contains any
}

// openModel starts the server.
func openModel(ctx context.Context, seed uint64) (*model, error) {
	answerer := newAnswerer(seed)
	running, err := openaifake.Start(ctx, "127.0.0.1:0", openaifake.Options{
		Key:       modelKey,
		Models:    []string{modelName},
		Abilities: openaifake.Modern(),
		Answers:   answerer,
	})
	if err != nil {
		return nil, fmt.Errorf("torture: %w", err)
	}
	return &model{Running: running, answerer: answerer}, nil
}

// listModelFaults returns the ways in which the model fails. A fault that is listed twice is twice as likely.
func listModelFaults() []openaifake.Fault {
	return []openaifake.Fault{
		openaifake.Status(http.StatusInternalServerError, "server_error", "The server had an error."),
		openaifake.Status(http.StatusServiceUnavailable, "overloaded", "The engine is overloaded."),
		openaifake.Status(http.StatusTooManyRequests, "rate_limit_exceeded", "Rate limit reached."),
		openaifake.Status(http.StatusTooManyRequests, "rate_limit_exceeded", "Rate limit reached.", "Retry-After", "1"),
		openaifake.HTML(http.StatusBadGateway), openaifake.Reset(), openaifake.Cut(), openaifake.Stream(false),
		openaifake.Raw(http.StatusOK, "application/json", `{"choices":[{"message":`), openaifake.Say(`{"sentiment":"posi`, "length"),
		openaifake.Say(`{"sentiment":5,"urgent":"yes"}`, "stop"), openaifake.Say("The customer is upset.", "stop"),
		openaifake.NoChoices(), openaifake.NullContent(), openaifake.Refuse(), openaifake.ToolCalls(),
		openaifake.Hang(), openaifake.Hang(), openaifake.Drip(),
	}
}

// armFaults makes requests fail by chance until the faults are cleared.
func (m *model) armFaults(seed uint64) {
	rng := rand.New(rand.NewPCG(seed, faultStream)) //nolint:gosec // the seed is to be repeated
	all := listModelFaults()
	m.ByChance(func() *openaifake.Fault {
		if rng.Float64() >= modelFaultShare {
			return nil
		}
		return &all[rng.IntN(len(all))]
	})
}

// newControl returns the handler by which a Client controls the model.
func (m *model) newControl(seed uint64) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /_fake/model/faults", func(http.ResponseWriter, *http.Request) {
		m.armFaults(seed) //nolint:contextcheck // the faults outlive this request
	})
	mux.HandleFunc("DELETE /_fake/model/faults", func(http.ResponseWriter, *http.Request) { m.ByChance(nil) })
	mux.HandleFunc("GET /_fake/model/faults", func(w http.ResponseWriter, _ *http.Request) {
		counts := map[string]int{}
		for name, n := range m.Met() {
			counts["model "+strings.TrimSpace(name)] += n
		}
		_ = json.NewEncoder(w).Encode(counts) // the client may have hung up
	})

	mux.HandleFunc("GET /_fake/model/asked", func(w http.ResponseWriter, _ *http.Request) {
		_ = json.NewEncoder(w).Encode(m.readQuestions()) // likewise
	})

	return mux
}

// readQuestions returns the markers of each question that was asked so far.
func (m *model) readQuestions() [][]checker.Marker {
	all := m.Requests()
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, r := range all[min(m.read, len(all)):] {
		if found := m.answerer.markersIn(r.Body); len(found) > 0 {
			m.questions = append(m.questions, found)
		}
	}
	m.read = len(all)
	return m.questions
}

// answerer makes the model's answers: it refers to each marker as a ticket, and calls each message urgent. Some answers
// quote a message of another conversation (a hallucination), which Parley must not show to anybody.
type answerer struct {
	mu                sync.Mutex
	rng               *rand.Rand
	other             analysis.Message       // the latest message that it was asked about; a hallucination quotes it
	otherConversation int                    // the conversation of other; 0 means none yet
	hallucinated      map[hallucination]bool // all hallucinations so far
}

// hallucination identifies a marker of one conversation in an answer about another.
type hallucination struct {
	about  int // the conversation that the question was about
	marker checker.Marker
}

func newAnswerer(seed uint64) *answerer {
	return &answerer{
		rng:          rand.New(rand.NewPCG(seed, answerStream)), //nolint:gosec // the seed is to be repeated
		hallucinated: map[hallucination]bool{},
	}
}

// Analyze implements analysis.Analyzer.
func (r *answerer) Analyze(_ context.Context, q analysis.Question) (analysis.Answer, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	moods := analysis.Sentiments()
	a := analysis.Answer{
		Language:  "en",
		Sentiment: moods[r.rng.IntN(len(moods))],
		Intents:   []string{"problem"},
		Replies:   []analysis.Reply{{Text: "We look into it."}},
	}
	last, conv := analysis.Message{}, 0
	for _, m := range q.Burst {
		for _, mark := range checker.Distinct(checker.MarkersIn(m.Text)) {
			a.References = append(a.References, ticketOf(mark))
			last, conv = m, mark.Conversation
		}
	}

	a.Urgency = analysis.Urgency{Urgent: true, Because: last.Text}
	knowsOther := r.otherConversation != 0 && r.otherConversation != conv
	if knowsOther && r.rng.Float64() < hallucinationShare {
		a.Urgency.Because = r.other.Text
		for _, mark := range checker.MarkersIn(r.other.Text) {
			a.References = append(a.References, ticketOf(mark))
			r.hallucinated[hallucination{conv, mark}] = true
		}
	}

	if conv != 0 {
		r.other, r.otherConversation = last, conv
	}

	return a, nil
}

// markersIn returns the markers in a request, except for those that the model hallucinated itself: after an invalid
// answer, Parley repeats the question together with that answer.
func (r *answerer) markersIn(body []byte) []checker.Marker {
	var q struct {
		Messages []struct{ Role, Content string } `json:"messages"`
	}
	if json.Unmarshal(body, &q) != nil || len(q.Messages) == 0 {
		return checker.Distinct(checker.MarkersIn(string(body)))
	}

	r.mu.Lock()
	defer r.mu.Unlock()
	var found []checker.Marker
	for _, turn := range q.Messages {
		marks := checker.MarkersIn(turn.Content)
		if turn.Role == "assistant" && len(found) > 0 {
			marks = slices.DeleteFunc(marks, func(m checker.Marker) bool { return r.hallucinated[hallucination{found[0].Conversation, m}] })
		}
		found = append(found, marks...)
	}

	return checker.Distinct(found)
}

func ticketOf(m checker.Marker) analysis.Reference {
	return analysis.Reference{Kind: "ticket", Value: m.String()}
}
