package world

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
	"parley/cmd/parley/torture/judge"
)

// What Parley reaches the model of a run with.
const (
	modelKey  = "torture-model-key"
	ModelName = "torture-model"
)

// modelFails is the share of requests that a spoilt model fails.
const modelFails = 0.4

// The seed of a run begins several sequences of chance, which these numbers keep apart.
const (
	faultStream  = 3
	answerStream = 4
)

// lies is the share of good answers that say something of another conversation.
const lies = 0.25

// model is a server of chat completions that fails by chance.
type model struct {
	*openaifake.Running
	reader *reader

	mu    sync.Mutex
	read  int            // requests whose marks were read
	asked [][]judge.Mark // of each question with any
}

// openModel starts the server.
func openModel(ctx context.Context, seed uint64) (*model, error) {
	reader := newReader(seed)
	running, err := openaifake.Start(ctx, "127.0.0.1:0", openaifake.Options{Key: modelKey, Models: []string{ModelName}, Abilities: openaifake.Modern(), Answers: reader})
	if err != nil {
		return nil, fmt.Errorf("torture: %w", err)
	}
	return &model{Running: running, reader: reader}, nil
}

// listManners returns the ways in which a model fails.
func listManners() []openaifake.Manner {
	return []openaifake.Manner{
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

// armFaults lets requests fail by chance, until Heal.
func (m *model) armFaults(seed uint64) {
	rng := rand.New(rand.NewPCG(seed, faultStream)) //nolint:gosec // the seed is to be repeated
	all := listManners()
	m.ByChance(func() *openaifake.Manner {
		if rng.Float64() >= modelFails {
			return nil
		}
		return &all[rng.IntN(len(all))]
	})
}

// newControl returns the handler by which the driver and the oracle control what the emulators do.
func (m *model) newControl(seed uint64) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /_fake/model/faults", func(http.ResponseWriter, *http.Request) { m.armFaults(seed) }) //nolint:contextcheck // a manner answers requests of its own
	mux.HandleFunc("DELETE /_fake/model/faults", func(http.ResponseWriter, *http.Request) { m.ByChance(nil) })
	mux.HandleFunc("GET /_fake/model/faults", func(w http.ResponseWriter, _ *http.Request) {
		counts := map[string]int{}
		for name, n := range m.Met() {
			counts["model "+strings.TrimSpace(name)] += n
		}
		_ = json.NewEncoder(w).Encode(counts) // whoever asked is gone
	})

	mux.HandleFunc("GET /_fake/model/asked", func(w http.ResponseWriter, _ *http.Request) {
		_ = json.NewEncoder(w).Encode(m.readMarks()) // likewise
	})

	return mux
}

// readMarks returns the marks of each question that was asked.
func (m *model) readMarks() [][]judge.Mark {
	all := m.Requests()
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, r := range all[min(m.read, len(all)):] {
		if found := m.reader.askedIn(r.Body); len(found) > 0 {
			m.asked = append(m.asked, found)
		}
	}
	m.read = len(all)
	return m.asked
}

// reader is what the model makes of customers' words: it names each mark a ticket, and each message urgent. Some of
// its answers say what another customer wrote, which may be shown to nobody.
type reader struct {
	mu    sync.Mutex
	rng   *rand.Rand
	other analysis.Message // by another customer
	conv  int              // who wrote it
	lied  map[lie]bool     // what it said of others
}

// lie is what an answer about a conversation says of another one.
type lie struct {
	about int
	mark  judge.Mark
}

func newReader(seed uint64) *reader {
	return &reader{rng: rand.New(rand.NewPCG(seed, answerStream)), lied: map[lie]bool{}} //nolint:gosec // the seed is to be repeated
}

// Analyze implements analysis.Analyzer.
func (r *reader) Analyze(_ context.Context, q analysis.Question) (analysis.Answer, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	moods := analysis.Sentiments()
	a := analysis.Answer{Language: "en", Sentiment: moods[r.rng.IntN(len(moods))], Intents: []string{"problem"}, Replies: []analysis.Reply{{Text: "We look into it."}}}
	last, conv := analysis.Message{}, 0
	for _, m := range q.Burst {
		for _, mark := range judge.Distinct(judge.MarksIn(m.Text)) {
			a.References = append(a.References, ticketOf(mark))
			last, conv = m, mark.Conv
		}
	}

	a.Urgency = analysis.Urgency{Urgent: true, Because: last.Text}
	knowsOther := r.conv != 0 && r.conv != conv
	if knowsOther && r.rng.Float64() < lies {
		a.Urgency.Because = r.other.Text
		for _, mark := range judge.MarksIn(r.other.Text) {
			a.References = append(a.References, ticketOf(mark))
			r.lied[lie{conv, mark}] = true
		}
	}

	if conv != 0 {
		r.other, r.conv = last, conv
	}

	return a, nil
}

// askedIn returns the marks of a request. An answer that isn't valid is shown to the model again: what the model
// itself has said there of another conversation is no question of Parley's.
func (r *reader) askedIn(body []byte) []judge.Mark {
	var q struct {
		Messages []struct{ Role, Content string } `json:"messages"`
	}
	if json.Unmarshal(body, &q) != nil || len(q.Messages) == 0 {
		return judge.Distinct(judge.MarksIn(string(body)))
	}

	r.mu.Lock()
	defer r.mu.Unlock()
	var found []judge.Mark
	for _, turn := range q.Messages {
		marks := judge.MarksIn(turn.Content)
		if turn.Role == "assistant" && len(found) > 0 {
			marks = slices.DeleteFunc(marks, func(m judge.Mark) bool { return r.lied[lie{found[0].Conv, m}] })
		}
		found = append(found, marks...)
	}

	return judge.Distinct(found)
}

func ticketOf(m judge.Mark) analysis.Reference {
	return analysis.Reference{Kind: "ticket", Value: m.String()}
}
