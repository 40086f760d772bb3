package evaluation

import (
	"context"
	"sync"
	"time"

	"parley/bridge/analysis"
)

// An evaluation asks an analyzer about each message of a set and measures how long that takes. score.go then judges
// the answers.

// Metered is an Analyzer that counts what it has asked of a model since it was made.
type Metered interface {
	Usage() (calls, promptTokens, answerTokens int)
}

// Options say how an analyzer is run.
type Options struct {
	Desk     analysis.Desk
	Now      func() time.Time     // required: a clock that doesn't jump
	CPU      func() time.Duration // CPU time of this process so far; nil means not measured
	Parallel int                  // questions at once; 0 means 1. With more, Result.Took has time in which an answer waited for others
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

// Run asks an analyzer about each message. It takes answers as they are, without analysis.Check: what that would remove counts
// as a wrong answer where the field is judged.
// Errors: the context's, if it has ended when Run returns. Messages that were not asked have zero Results then.
func Run(ctx context.Context, a analysis.Analyzer, messages []Message, o Options) (Outcome, error) {
	usageBefore, cpuBefore := usageOf(a), o.measureCPU()
	out := Outcome{Results: askAll(ctx, a, messages, o)}
	out.CPU = o.measureCPU() - cpuBefore
	if out.Usage = usageOf(a); out.Usage != nil {
		out.Usage.Calls -= usageBefore.Calls
		out.Usage.PromptTokens -= usageBefore.PromptTokens
		out.Usage.AnswerTokens -= usageBefore.AnswerTokens
	}
	return out, ctx.Err()
}

// measureCPU returns the CPU time of this process so far, or 0 if it isn't measured.
func (o Options) measureCPU() time.Duration {
	if o.CPU == nil {
		return 0
	}
	return o.CPU()
}

// usageOf returns what an analyzer has asked of a model so far, or nil if it doesn't count that.
func usageOf(a analysis.Analyzer) *Usage {
	meter, ok := a.(Metered)
	if !ok {
		return nil
	}
	calls, prompt, answer := meter.Usage()
	return &Usage{Calls: calls, PromptTokens: prompt, AnswerTokens: answer}
}

// askAll asks about the messages, o.Parallel at once, until the context ends.
func askAll(ctx context.Context, a analysis.Analyzer, messages []Message, o Options) []Result {
	results := make([]Result, len(messages))
	slots := make(chan struct{}, max(1, o.Parallel))
	var wg sync.WaitGroup
	for i, m := range messages {
		slots <- struct{}{}
		if ctx.Err() != nil {
			break
		}

		wg.Go(func() {
			results[i] = askOne(ctx, a, m, o)
			<-slots
		})
	}

	wg.Wait()
	return results
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
