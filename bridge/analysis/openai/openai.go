// Package openai analyses customers' messages with a language model. It works with OpenAI and with any server that
// has the same chat completions API, such as Ollama, vLLM, LM Studio, llama.cpp or a gateway.
//
// A model's answer is never trusted: it is validated here and then filtered by analysis.Check. If the model fails, a
// fallback answers, usually package offline with its rules. A circuit breaker keeps a failing server from slowing down
// each analysis.
//
// When conversations are analysed, and where answers are stored, is decided in bridge/engine.
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
	channelswire "parley/channels/wire"
)

// Options configures an Analyzer. Only Model is required.
type Options struct {
	Key         Key               // zero sends no key, which suits local servers
	BaseURL     string            // "" means OpenAI's; may be incomplete, such as "localhost:11434"
	Model       string            // the model's name on the server
	Timeout     time.Duration     // of one analysis with all its requests; 0 means 20 s; Write uses it only without a deadline
	Concurrency int               // analyses and texts in flight at the same time; 0 means 4
	Mask        bool              // hides email addresses, phone and card numbers and IBANs from the server, see mask*.go
	Fallback    analysis.Analyzer // answers if the model doesn't; nil means that Analyze returns the error

	// Client sends the requests; nil means one that uses the environment's proxy. Requests to other hosts than that
	// of BaseURL are refused, whatever the client allows.
	Client *http.Client
	Logger *slog.Logger                              // nil disables logging
	Now    func() time.Time                          // nil means time.Now
	Pause  func(context.Context, time.Duration) bool // waits before a retry; nil means pause.For
}

const (
	defaultTimeout     = 20 * time.Second
	defaultConcurrency = 4
	maxQueueTime       = 5 * time.Second        // how long a call waits for a free slot
	minTime            = 100 * time.Millisecond // with less time left, the model isn't called: it could only time out
)

// ErrClosed is returned by Analyze and Write after Close.
var ErrClosed = errors.New("openai: the analyzer is closed")

// Analyzer analyses messages with a model. It is safe for concurrent use and starts no goroutines.
type Analyzer struct {
	options Options
	base    string // without a trailing slash
	client  *http.Client
	slots   chan struct{} // a semaphore of Options.Concurrency
	breaker *breaker      // stops calls while the server fails
	dialect *dialect      // the form of requests that the server accepts
	stats   *stats
	health  *health

	mu      sync.Mutex
	closed  bool
	running sync.WaitGroup                    // calls in flight, for which Close waits
	stop    context.CancelFunc                // cancels their requests
	onStop  func(func()) (unhook func() bool) // registers a function that stop calls
}

var _ analysis.Analyzer = (*Analyzer)(nil)

// Check validates the options. It returns all errors joined. None of them contains the key.
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

// New returns an Analyzer, or the error of Options.Check. It opens no connection. The Analyzer works until Close, even
// if ctx is cancelled before.
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
		o.Pause = channelswire.For
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	return o
}

// Analyze implements analysis.Analyzer. If the model gives no valid answer, Analyze returns that of the fallback with
// Degraded set.
//
// Errors: ErrClosed, the context's, the fallback's, and *Error if there is no fallback.
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

// begin registers a call for Close to wait for. It returns false if the Analyzer is closed.
func (a *Analyzer) begin() bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.closed {
		return false
	}
	a.running.Add(1)
	return true
}

// tryModel asks the model, unless the breaker or the deadline forbids it.
func (a *Analyzer) tryModel(ctx context.Context, q analysis.Question) (answer analysis.Answer, fault *Error) {
	fault = a.askGuarded(ctx, a.options.Timeout, func(ctx context.Context) (fault *Error) {
		answer, fault = a.answer(ctx, q)
		return fault
	})
	return answer, fault
}

// askGuarded calls ask if the deadline, the breaker and the number of calls in flight allow it, and reports the result
// to the breaker. The call may take at most timeout, and no longer than ctx allows.
func (a *Analyzer) askGuarded(ctx context.Context, timeout time.Duration, ask func(context.Context) *Error) *Error {
	deadline, hasDeadline := ctx.Deadline()
	isTooLate := hasDeadline && time.Until(deadline) < minTime
	if isTooLate || ctx.Err() != nil {
		return &Error{Kind: Late}
	}

	ctx, cancel := a.withDeadline(ctx, timeout)
	defer cancel()
	turn, fault := a.breaker.takeTurn()
	if fault != nil {
		return fault
	}

	queueCtx, leaveQueue := context.WithTimeout(ctx, maxQueueTime)
	defer leaveQueue()

	select {
	case a.slots <- struct{}{}:
		defer func() { <-a.slots }()
	case <-queueCtx.Done():
		a.breaker.handBack(turn, &Error{Kind: Busy})
		return &Error{Kind: Busy, Cause: queueCtx.Err()}
	}

	fault = ask(ctx)
	a.breaker.handBack(turn, fault)
	a.health.learn(fault)
	return fault
}

// withDeadline limits a call to timeout, and to a little less than the caller's deadline, so that time is left for the
// fallback. Close cancels the returned context.
func (a *Analyzer) withDeadline(ctx context.Context, timeout time.Duration) (context.Context, context.CancelFunc) {
	if deadline, ok := ctx.Deadline(); ok {
		left := time.Until(deadline)
		reserve := min(left/10, time.Second/2)
		timeout = min(timeout, left-reserve)
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	unhook := a.onStop(cancel)
	return ctx, func() { unhook(); cancel() }
}

// Close cancels all requests to the model and waits for the calls in flight, which use the fallback. It always returns
// nil, and may be called more than once.
func (a *Analyzer) Close() error {
	a.mu.Lock()
	a.closed = true
	a.mu.Unlock()
	a.stop()
	a.running.Wait()
	a.client.CloseIdleConnections()
	return nil
}
