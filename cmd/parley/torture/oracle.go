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
)

// Request is one line of JSON on the standard input of the oracle's process. The oracle observes what people in a test run
// see, decides whether Parley worked correctly, and writes one Answer. Example: {"click":true}.
type Request struct {
	// Setup has the addresses of the emulators. It is in the first request.
	Setup *Setup `json:"setup,omitempty"`
	// Click lets the oracle act as an agent who answers Parley's questions about replies by clicking buttons.
	Click bool `json:"click,omitempty"`
	// History is what people wrote and did. If it is absent, that of the previous request applies.
	History History `json:"history,omitempty"`
}

// Setup describes the test run to the oracle.
type Setup struct {
	Client        Client `json:"client"`
	Conversations int    `json:"conversations"`
	// Hold is how long Parley keeps a reply back, so that late notifications of earlier replies can arrive.
	Hold time.Duration `json:"hold"`
}

// Answer is one line of JSON on the process's standard output, the response to a Request.
type Answer struct {
	Clicks  int     `json:"clicks"` // see answerQuestions
	Verdict Verdict `json:"verdict"`
	// Cards has the cards of all threads, by root. A card is the first post (root) of a conversation's thread.
	Cards map[string]Card `json:"cards,omitempty"`
	// Problems describes posts and mails of Parley that can't be displayed as intended.
	Problems []string `json:"problems,omitempty"`
	Err      string   `json:"error,omitempty"`
}

// oracle is the state of the oracle's process.
type oracle struct {
	// Received in requests.
	client        Client
	platform      Platform
	conversations int
	hold          time.Duration

	// Its clicks as an agent who answers Parley's questions.
	clickedAt map[string]time.Time // time of the latest click, by the id of the post with the question
	unclear   map[Marker]bool      // replies that it decided about because Parley couldn't know whether they were sent
	asked     map[Marker]bool      // replies that it decided about for another reason

	expectation Expectation
	unreadable  map[string]bool // descriptions of mails that can't be parsed, or that came twice
}

func newOracle() *oracle {
	return &oracle{
		clickedAt:  map[string]time.Time{},
		unclear:    map[Marker]bool{},
		asked:      map[Marker]bool{},
		unreadable: map[string]bool{},
		expectation: Expectation{
			Clicks:  map[Marker]Clicks{},
			ActedIn: map[string]bool{},
			HasEnds: true,
		},
	}
}

// RunOracle is the main function of the process: it reads requests from in and writes an answer to each to out, until in ends.
// An observation that fails is reported in the answer. Run returns an error if it can't read a request or write an answer.
func RunOracle(ctx context.Context, in io.Reader, out io.Writer) error {
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

// accept stores what a request says about the run.
func (o *oracle) accept(request Request) {
	if s := request.Setup; s != nil {
		o.client, o.platform = s.Client, s.Client.Platform()
		o.conversations, o.hold = s.Conversations, s.Hold
	}
	if request.History != nil {
		o.expectation.History = request.History
	}
}

// decide observes the emulators, answers Parley's questions as an agent if click is true, and checks the observation.
func (o *oracle) decide(ctx context.Context, click bool) (Answer, error) {
	o.expectation.Excused = map[Marker]bool{}
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

	answer.Verdict = Check(observed, o.expectation)
	o.countClicks(&answer.Verdict)
	answer.Cards = o.listCards(observed)
	answer.Problems, err = o.platform.Problems(ctx)
	answer.Problems = append(answer.Problems, slices.Sorted(maps.Keys(o.unreadable))...)
	return answer, err
}

// countClicks adds to a verdict the replies that were decided about by clicks.
func (o *oracle) countClicks(v *Verdict) {
	v.Ambiguous = len(o.unclear)
	v.AmbiguousMessages = o.expectation.History.CountJoined(o.unclear)
	v.SentByClick = len(o.asked)
	for m, isExpected := range o.expectation.History.ExpectedQuestions() {
		if isExpected && o.asked[m] {
			v.RightlyAsked++
		}
	}
}

// listCards returns the cards of all threads by root, each with the owners and teams of which it must name one.
func (o *oracle) listCards(observed Observation) map[string]Card {
	cards := map[string]Card{}
	ended := o.expectation.History.endings()
	for _, t := range observed.Threads {
		if _, isEnded := ended[CustomerOf(t)]; isEnded {
			o.expectation.ActedIn[t.Root] = true // whose owners it may have from the other thread
		}
		if t.Card != "" {
			cards[t.Root] = Card{Text: t.Card, Responsible: o.expectation.ResponsibleFor(t.Root)}
		}
	}
	return cards
}
