package oracle

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

// Request is one line of the process's standard input.
type Request struct {
	// Setup, in the first request, says where the emulators are.
	Setup *Setup `json:"setup,omitempty"`
	// Click lets the oracle's agent answer what Parley asks of people.
	Click bool `json:"click,omitempty"`
	// History is what people said and did, and Jumps are those of Parley's clock. If they are absent, those of
	// the request before hold.
	History checker.History     `json:"history,omitempty"`
	Jumps   []checker.ClockJump `json:"jumps,omitempty"`
}

// Setup is what an oracle has to know of its run.
type Setup struct {
	Client        emulators.Client `json:"client"`
	Conversations int              `json:"conversations"`
	// Hold is how long a reply waits for earlier ones of which the platform tells late.
	Hold time.Duration `json:"hold"`
}

// Answer is one line of the process's standard output, the answer to a Request.
type Answer struct {
	Clicks  int             `json:"clicks"` // that the oracle's agent made now
	Verdict checker.Verdict `json:"verdict"`
	// Cards are those of the customers' threads, by their roots.
	Cards map[string]checker.Card `json:"cards,omitempty"`
	// Problems are what Parley sent that no user could see as it was meant.
	Problems []string `json:"problems,omitempty"`
	Err      string   `json:"error,omitempty"`
}

// oracle is the state of an oracle's process.
type oracle struct {
	// What the requests said.
	client        emulators.Client
	platform      emulators.Platform
	conversations int
	hold          time.Duration
	jumps         []checker.ClockJump

	// What its agent did.
	clickedAt map[string]time.Time    // when the agent clicked last, by the id of the post with the question
	unclear   map[checker.Marker]bool // replies clicked about of which nobody could tell whether they were sent
	asked     map[checker.Marker]bool // replies clicked about for another reason

	expectation checker.Expectation
	unreadable  map[string]bool // the mails that customers can't read, each with its reason
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

// Run is the main function of the process: it answers each request in in with a line in out until in ends.
// Errors: a request can't be read, or its answer can't be written.
func Run(ctx context.Context, in io.Reader, out io.Writer) error {
	o := newOracle()
	requests := json.NewDecoder(in)
	answers := json.NewEncoder(out)
	for {
		var request Request
		err := requests.Decode(&request)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("torture: oracle: read a request: %w", err)
		}

		o.accept(request)
		answer, err := o.decide(ctx, request.Click)
		if err != nil {
			answer.Err = err.Error()
		}
		if err := answers.Encode(answer); err != nil {
			return fmt.Errorf("torture: oracle: write an answer: %w", err)
		}
	}
}

// accept keeps what a request says of the run.
func (o *oracle) accept(request Request) {
	if s := request.Setup; s != nil {
		o.client, o.platform = s.Client, s.Client.Platform()
		o.conversations, o.hold = s.Conversations, s.Hold
	}
	if request.History != nil {
		o.expectation.History = request.History
	}
	if request.Jumps != nil {
		o.jumps = request.Jumps
	}
}

// decide observes the emulators, lets the agent answer Parley's questions if click is true, and has the checker decide.
func (o *oracle) decide(ctx context.Context, click bool) (Answer, error) {
	o.expectation.Excused = map[checker.Marker]bool{}
	observed, err := o.observe(ctx)
	if err != nil {
		return Answer{}, err
	}

	var answer Answer
	if click {
		if answer.Clicks, err = o.answerQuestions(ctx, observed); err != nil {
			return answer, err
		}
	}

	if err := o.excuseLateEvents(ctx); err != nil {
		return answer, err
	}

	answer.Verdict = checker.Check(observed, o.expectation)
	o.countClicks(&answer.Verdict)
	answer.Cards = o.listCards(observed)
	answer.Problems, err = o.platform.Problems(ctx)
	answer.Problems = append(answer.Problems, slices.Sorted(maps.Keys(o.unreadable))...)
	return answer, err
}

// countClicks adds to a verdict the replies that the oracle's agent clicked about.
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

// listCards returns the cards of all threads by their roots, each with the people and teams of whom it must name one.
func (o *oracle) listCards(observed checker.Observation) map[string]checker.Card {
	cards := map[string]checker.Card{}
	for _, t := range observed.Threads {
		if t.Card != "" {
			cards[t.Root] = checker.Card{Text: t.Card, Responsible: o.expectation.ResponsibleFor(t.Root)}
		}
	}
	return cards
}
