package evaluation

import (
	"context"
	"sync"
	"time"

	"parley/bridge/analysis"
)

// Metered is an Analyzer that counts its requests to a model and their tokens, since it was made.
type Metered interface {
	Usage() (calls, promptTokens, answerTokens int)
}

// Options configure a run.
type Options struct {
	Desk     analysis.Desk
	Now      func() time.Time     // required; a monotonic clock
	CPU      func() time.Duration // CPU time of this process so far; nil means that it isn't measured
	Parallel int                  // questions at once; 0 means 1. If it is more, Result.Took may include time spent waiting for others
	Deadline time.Duration        // for each answer; 0 means no deadline
}

// Result is an analyzer's answer to one message.
type Result struct {
	Message Message
	Answer  analysis.Answer // undefined if Err is set
	Err     error
	Took    time.Duration
}

// Outcome is the result of a run.
type Outcome struct {
	Results []Result      // in the order of the messages
	CPU     time.Duration // 0 if it isn't measured
	Usage   *Usage        // nil if the analyzer isn't Metered
}

// Usage is the number of requests to a model, and of their tokens.
type Usage struct {
	Calls        int `json:"calls"`
	PromptTokens int `json:"prompt_tokens"`
	AnswerTokens int `json:"answer_tokens"`
}

// Run asks an analyzer about each message and measures the time. Score then compares the answers with the labels. Run
// doesn't apply analysis.Check, so that invalid parts of an answer count as wrong.
// Errors: the context's. The results of messages that were no longer asked are zero then.
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

// usageOf returns the usage of an analyzer so far, or nil if it isn't Metered.
func usageOf(a analysis.Analyzer) *Usage {
	meter, ok := a.(Metered)
	if !ok {
		return nil
	}
	calls, prompt, answer := meter.Usage()
	return &Usage{Calls: calls, PromptTokens: prompt, AnswerTokens: answer}
}

// askAll asks about all messages, o.Parallel at once. It stops early if the context ends.
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
