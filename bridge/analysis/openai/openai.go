// Package openai asks a model that is served as chat completions: OpenAI's own, or any server that speaks the same,
// like Ollama, vLLM, LM Studio, llama.cpp or a gateway. What the model says is data: it is validated, checked by
// analysis.Check, and replaced by the fallback's answer where there is none.
//
// What does not belong here: when a conversation is analysed and where the answer is kept (bridge/engine), rules
// that need no model (bridge/analysis/offline), and what any answer may say (analysis.Check).
package openai

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"time"

	"parley/bridge/analysis"
	"parley/channels/pause"
)

// Options of an Analyzer. Model is needed; all else has a default.
type Options struct {
	Key         Key               // empty means none is sent, as local servers want it
	BaseURL     string            // "" means api.openai.com; "localhost:11434", "https://host/v1/" and the like are understood
	Model       string            // as the server names it
	Timeout     time.Duration     // of all that one analysis needs; 0 means 20 s. A text has its caller's time, if that has an end
	Concurrency int               // requests at a time; 0 means 4
	Mask        bool              // mail addresses, phone and card numbers and IBANs don't leave the house, unless a question's Terms say so
	Fallback    analysis.Analyzer // answers where the model doesn't; if it is nil, Analyze returns an error then

	// Client makes the connections; nil means one that uses the environment's proxy. Of any client only requests to
	// the host of BaseURL are made, wherever this is: its operator chose it.
	Client *http.Client
	Logger *slog.Logger                              // nil means nothing is logged
	Now    func() time.Time                          // nil means time.Now
	Pause  func(context.Context, time.Duration) bool // waits before a second attempt; nil means pause.For
}

const (
	defaultTimeout     = 20 * time.Second
	defaultConcurrency = 4
	longestQueue       = 5 * time.Second        // how long a question waits for one of Concurrency before the fallback answers
	leastTime          = 100 * time.Millisecond // with less time left the model isn't asked: a failure would say nothing about it
)

// ErrClosed is what Analyze returns after Close.
var ErrClosed = errors.New("openai: the analyzer is closed")

// Analyzer asks a model. It starts no goroutines of its own; it is safe for use by several.
type Analyzer struct {
	options Options
	base    string // ends without a slash
	client  *http.Client
	slots   chan struct{} // one for each request that may run at the same time
	breaker *breaker      // says whether the server may be asked, after failures
	dialect *dialect      // the form of requests that the server takes
	stats   *stats
	health  *health

	mu      sync.Mutex
	closed  bool
	running sync.WaitGroup                    // calls that Close waits for
	stop    context.CancelFunc                // ends their requests
	onStop  func(func()) (unhook func() bool) // has a function called by stop
}

var _ analysis.Analyzer = (*Analyzer)(nil)

// Check looks whether an Analyzer can be made with the options.
// Errors: all faults together; they don't name the key.
func (o Options) Check() error {
	_, _, err := parseBase(o.BaseURL)
	if strings.TrimSpace(o.Model) == "" {
		err = errors.Join(err, errors.New("openai: the model is missing"))
	}
	err = errors.Join(err, o.Key.check())
	if o.Timeout < 0 || o.Concurrency < 0 {
		err = errors.Join(err, errors.New("openai: timeout and concurrency can't be negative"))
	}
	return err
}

// New makes an Analyzer, which works until Close, however long ctx lives. It opens no connection.
// Errors: those of Check.
func New(ctx context.Context, o Options) (*Analyzer, error) {
	if err := o.Check(); err != nil {
		return nil, err
	}

	base, host, err := parseBase(o.BaseURL)
	if err != nil {
		return nil, err
	}

	o.Model = strings.TrimSpace(o.Model)
	o = o.withDefaults()
	ctx, stop := context.WithCancel(context.WithoutCancel(ctx))
	a := &Analyzer{
		options: o,
		base:    base,
		client:  newClient(o.Client, host, o.Concurrency),
		slots:   make(chan struct{}, o.Concurrency),
		breaker: newBreaker(o.Now),
		dialect: newDialect(o.Now, host),
		stats:   newStats(),
		stop:    stop,
		onStop:  func(f func()) func() bool { return context.AfterFunc(ctx, f) },
	}
	a.health = &health{log: o.Logger, breaker: a.breaker, model: o.Model}
	return a, nil
}

func (o Options) withDefaults() Options {
	o.Timeout = cmp.Or(o.Timeout, defaultTimeout)
	o.Concurrency = cmp.Or(o.Concurrency, defaultConcurrency)
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Pause == nil {
		o.Pause = pause.For
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	return o
}

// Analyze implements analysis.Analyzer. Where the model gives no valid answer, the fallback's is returned with
// Degraded set.
// Errors: ErrClosed, *Error without a fallback, the context's, and the fallback's.
func (a *Analyzer) Analyze(ctx context.Context, q analysis.Question) (analysis.Answer, error) {
	if len(q.Burst) == 0 {
		return analysis.Answer{}, errors.New("openai: nothing is asked: the burst is empty")
	}
	if !a.begin() {
		return analysis.Answer{}, ErrClosed
	}
	defer a.running.Done()
	a.stats.countAsked()
	answer, fault := a.tryModel(ctx, q)
	if fault == nil {
		return answer, nil
	}

	a.stats.countFailed(fault.Kind)

	if err := ctx.Err(); err != nil {
		return analysis.Answer{}, fmt.Errorf("openai: %w", err)
	}
	if a.options.Fallback == nil {
		return analysis.Answer{}, fault
	}

	answer, err := a.options.Fallback.Analyze(ctx, q)
	if err != nil {
		return analysis.Answer{}, fmt.Errorf("openai: fallback: %w", err)
	}

	a.stats.countDegraded()
	answer.Degraded = true
	return analysis.Check(q, answer), nil
}

// begin counts a running call, if the Analyzer is open.
func (a *Analyzer) begin() bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.closed {
		return false
	}
	a.running.Add(1)
	return true
}

// tryModel asks the model if it may be asked now.
func (a *Analyzer) tryModel(ctx context.Context, q analysis.Question) (answer analysis.Answer, fault *Error) {
	fault = a.askGuarded(ctx, a.options.Timeout, func(ctx context.Context) (fault *Error) {
		answer, fault = a.answer(ctx, q)
		return fault
	})
	return answer, fault
}

// askGuarded lets the model be asked, if it may be asked now, within the time that it has: most, or less if the caller has less.
func (a *Analyzer) askGuarded(ctx context.Context, most time.Duration, ask func(context.Context) *Error) *Error {
	until, hasDeadline := ctx.Deadline()
	isShort := hasDeadline && time.Until(until) < leastTime
	if isShort || ctx.Err() != nil {
		return &Error{Kind: Late}
	}

	ctx, cancel := a.withDeadline(ctx, most)
	defer cancel()
	turn, fault := a.breaker.takeTurn()
	if fault != nil {
		return fault
	}

	queue, noMore := context.WithTimeout(ctx, longestQueue)
	defer noMore()

	select {
	case a.slots <- struct{}{}:
		defer func() { <-a.slots }()
	case <-queue.Done():
		a.breaker.handBack(turn, &Error{Kind: Busy})
		return &Error{Kind: Busy, Cause: queue.Err()}
	}

	fault = ask(ctx)
	a.breaker.handBack(turn, fault)
	a.health.learn(fault)
	return fault
}

// withDeadline returns the time that the model has: some of the caller's is kept for the fallback.
func (a *Analyzer) withDeadline(ctx context.Context, most time.Duration) (context.Context, context.CancelFunc) {
	if until, ok := ctx.Deadline(); ok {
		left := time.Until(until)
		most = min(most, left-min(left/10, time.Second/2))
	}
	ctx, cancel := context.WithTimeout(ctx, most)
	unhook := a.onStop(cancel)
	return ctx, func() { unhook(); cancel() }
}

// Close ends what is asked, and waits for the calls of Analyze that are under way: they answer by the fallback.
// It may be called more than once.
func (a *Analyzer) Close() error {
	a.mu.Lock()
	a.closed = true
	a.mu.Unlock()
	a.stop()
	a.running.Wait()
	a.client.CloseIdleConnections()
	return nil
}
