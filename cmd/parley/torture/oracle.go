package torture

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"time"

	"parley/cmd/parley/torture/checker"
	"parley/cmd/parley/torture/emulators"
)

// oracle is the test oracle of a run: it observes the emulators as people would see them, answers what Parley asks of
// people, and has package checker decide. It runs in a process of its own, which knows nothing of Parley's database.
type oracle struct {
	client        emulators.Client
	platform      emulators.Platform
	conversations int
	hold          time.Duration
	clickedAt     map[string]time.Time    // when it clicked last, by the id of the post with the question
	unclear       map[checker.Marker]bool // replies that it clicked about, and of which nobody could tell whether they were sent
	asked         map[checker.Marker]bool // replies that it clicked about for another reason
	jumps         []checker.ClockJump
	expectation   checker.Expectation
	unreadable    map[string]bool // what was said of mails that customers can't read
}

// oracleRequest is one line of an oracle's standard input.
type oracleRequest struct {
	// Setup, in the first request, says where the emulators are.
	Setup *oracleSetup `json:"setup,omitempty"`
	// Click lets the oracle's agent answer open questions.
	Click bool `json:"click,omitempty"`
	// History is what people said and did. If it is absent, the one of an earlier request holds.
	History checker.History `json:"history,omitempty"`
	// Jumps are those of Parley's clock. They come with the History.
	Jumps []checker.ClockJump `json:"jumps,omitempty"`
}

// oracleSetup is what an oracle has to know of its run.
type oracleSetup struct {
	Client        emulators.Client `json:"client"`
	Conversations int              `json:"conversations"`
	// Hold is how long a reply waits for earlier ones of which the platform tells late.
	Hold time.Duration `json:"hold"`
}

// oracleReply is one line of an oracle's standard output, the answer to a request.
type oracleReply struct {
	Clicks  int             `json:"clicks"` // that the oracle's agent made now
	Verdict checker.Verdict `json:"verdict"`
	// Cards are those of the customers' threads, by their roots.
	Cards map[string]checker.Card `json:"cards,omitempty"`
	// Problems are what Parley sent that no user could see as it was meant.
	Problems []string `json:"problems,omitempty"`
	Err      string   `json:"error,omitempty"`
}

func newOracle() *oracle {
	return &oracle{
		clickedAt:  map[string]time.Time{},
		unclear:    map[checker.Marker]bool{},
		asked:      map[checker.Marker]bool{},
		unreadable: map[string]bool{},
		expectation: checker.Expectation{
			Clicks:  map[checker.Marker]checker.Clicks{},
			ActedIn: map[string]bool{},
			HasEnds: true,
		},
	}
}

// Oracle is the main function of an oracle's process: it answers each request in in with a line in out until in ends.
// Errors: a request that can't be read.
func Oracle(ctx context.Context, in io.Reader, out io.Writer) error {
	o := newOracle()
	requests, replies := json.NewDecoder(in), json.NewEncoder(out)
	for {
		var request oracleRequest
		err := requests.Decode(&request)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("torture: oracle: %w", err)
		}

		o.accept(request)
		reply, err := o.decide(ctx, request.Click)
		if err != nil {
			reply.Err = err.Error()
		}
		if err := replies.Encode(reply); err != nil {
			return fmt.Errorf("torture: oracle: %w", err)
		}
	}
}

// accept keeps what a request says of the run.
func (o *oracle) accept(request oracleRequest) {
	if s := request.Setup; s != nil {
		o.client, o.platform = s.Client, s.Client.Platform()
		o.conversations, o.hold = s.Conversations, s.Hold
	}
	if request.History != nil {
		o.expectation.History, o.jumps = request.History, request.Jumps
	}
}

// decide observes the emulators, answers questions of Parley's if click is true, and has the checker decide.
func (o *oracle) decide(ctx context.Context, click bool) (oracleReply, error) {
	o.expectation.Excused = map[checker.Marker]bool{}
	observed, err := o.observe(ctx)
	if err != nil {
		return oracleReply{}, err
	}

	var reply oracleReply
	if click {
		if reply.Clicks, err = o.answerQuestions(ctx, observed); err != nil {
			return reply, err
		}
	}

	if err := o.excuseLateEvents(ctx); err != nil {
		return reply, err
	}

	reply.Verdict = checker.Check(observed, o.expectation)
	o.countClicks(&reply.Verdict)
	reply.Cards = o.listCards(observed)
	reply.Problems, err = o.platform.Problems(ctx)
	reply.Problems = append(reply.Problems, slices.Sorted(maps.Keys(o.unreadable))...)
	return reply, err
}

// countClicks adds to a verdict what the oracle's agent clicked about.
func (o *oracle) countClicks(v *checker.Verdict) {
	v.Ambiguous = len(o.unclear)
	v.AmbiguousMessages = o.expectation.History.CountJoined(o.unclear)
	v.SentByClick = len(o.asked)
	for m, isExpected := range o.expectation.History.ExpectedQuestions() {
		if isExpected && o.asked[m] {
			v.RightlyAsked++
		}
	}
}

// listCards returns the cards of all threads, by their roots, with those of whom each must name one.
func (o *oracle) listCards(observed checker.Observation) map[string]checker.Card {
	cards := map[string]checker.Card{}
	for _, t := range observed.Threads {
		if t.Card != "" {
			cards[t.Root] = checker.Card{Text: t.Card, Responsible: o.expectation.ResponsibleFor(t.Root)}
		}
	}
	return cards
}
