package evaluation

import (
	"context"
	"sync"
	"time"

	"parley/bridge/analysis"
)

// Metered is an Analyzer that counts what it asked of a model since it was made.
type Metered interface {
	Usage() (calls, promptTokens, answerTokens int)
}

// Options say how an analyzer is run.
type Options struct {
	Desk     analysis.Desk
	Now      func() time.Time     // a clock that doesn't jump
	CPU      func() time.Duration // CPU time of this process so far; nil means not measured
	Parallel int                  // questions at once; 0 means 1. Latency and CPU time of offline are meant for 1
	Deadline time.Duration        // of one answer; 0 means none
}

// Result is what an analyzer made of a message.
type Result struct {
	Message Message
	Answer  analysis.Answer
	Err     error // there is no answer
	Took    time.Duration
}

// Outcome is a whole run.
type Outcome struct {
	Results []Result // in the order of the messages
	CPU     time.Duration
	Usage   *Usage // nil: the analyzer reports none
}

// Usage is what a model was asked.
type Usage struct {
	Calls        int `json:"calls"`
	PromptTokens int `json:"prompt_tokens"`
	AnswerTokens int `json:"answer_tokens"`
}

// Run asks an analyzer about each message. An answer is taken as it came: an analyzer that names what
// analysis.Answer doesn't allow is wrong there.
// Errors: the context's, when it ended before all were asked.
func Run(ctx context.Context, a analysis.Analyzer, messages []Message, o Options) (Outcome, error) {
	out := Outcome{Results: make([]Result, len(messages))}
	meter, metered := a.(Metered)
	var before Usage
	if metered {
		calls, prompt, answer := meter.Usage()
		before = Usage{Calls: calls, PromptTokens: prompt, AnswerTokens: answer}
	}

	var spent time.Duration
	if o.CPU != nil {
		spent = o.CPU()
	}

	places := make(chan struct{}, max(1, o.Parallel))
	var all sync.WaitGroup
	for i, m := range messages {
		places <- struct{}{}

		if ctx.Err() != nil {
			break
		}

		all.Go(func() {
			out.Results[i] = askOne(ctx, a, m, o)
			<-places
		})
	}

	all.Wait()

	if o.CPU != nil {
		out.CPU = o.CPU() - spent
	}
	if metered {
		calls, prompt, answer := meter.Usage()
		out.Usage = &Usage{Calls: calls - before.Calls, PromptTokens: prompt - before.PromptTokens, AnswerTokens: answer - before.AnswerTokens}
	}

	return out, ctx.Err()
}

// askOne asks about one message.
func askOne(ctx context.Context, a analysis.Analyzer, m Message, o Options) Result {
	if o.Deadline > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, o.Deadline)
		defer cancel()
	}
	began := o.Now()
	answer, err := a.Analyze(ctx, m.Question(o.Desk))
	return Result{Message: m, Answer: answer, Err: err, Took: o.Now().Sub(began)}
}
