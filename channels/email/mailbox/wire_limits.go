package mailbox

import (
	"context"
	"crypto/tls"
	"sync"

	"golang.org/x/sync/semaphore"
)

// The limits for all mailboxes of a process together.
const (
	// maxDialsPerHost is the number of connections to one mail server that may be logging in at the same time. After an
	// outage, a thousand mailboxes must not overload the server at once.
	maxDialsPerHost = 16
	// maxSmallBytes and maxLargeBytes limit the mail that has been fetched but not stored yet. Batches of small mails and
	// single large mails have separate limits, so that a slow large mail delays only other large ones.
	maxSmallBytes = 32 << 20
	maxLargeBytes = 64 << 20
	// maxOutgoingBytes limits the files of mails that are being sent. Files below minCountedFile don't count.
	maxOutgoingBytes = 64 << 20
	minCountedFile   = 256 << 10
)

// Limits bounds the memory and the logins of all mailboxes of a process together: one process may serve a thousand. A
// mailbox reserves bytes before it loads a mail, and releases them after it was stored or sent. Limits also caches TLS
// sessions, which makes reconnecting cheaper. It is safe for concurrent use.
type Limits struct {
	sessions tls.ClientSessionCache

	small, large pool // fetched mail that isn't stored yet
	outgoing     pool // files that are being sent

	mu      sync.Mutex
	logins  map[string]*semaphore.Weighted // by host
	configs map[string]*tls.Config         // by host
}

// NewLimits returns the Limits of one process.
func NewLimits() *Limits {
	return &Limits{
		sessions: tls.NewLRUClientSessionCache(0),
		small:    newPool(maxSmallBytes),
		large:    newPool(maxLargeBytes),
		outgoing: newPool(maxOutgoingBytes),
		logins:   map[string]*semaphore.Weighted{},
		configs:  map[string]*tls.Config{},
	}
}

// pool limits the number of bytes in memory.
type pool struct {
	free  *semaphore.Weighted
	total int64
}

func newPool(total int64) pool { return pool{semaphore.NewWeighted(total), total} }

// reserve waits until the bytes are available. A request for more than the pool takes the whole pool. The caller must
// call done to release the bytes.
func (p pool) reserve(ctx context.Context, bytes int64) (done func(), err error) {
	bytes = min(bytes, p.total)
	if err := p.free.Acquire(ctx, bytes); err != nil {
		return nil, err
	}
	return func() { p.free.Release(bytes) }, nil
}

// ReserveLogin waits until a connection to host may be opened. The caller must call done after the login. The error is
// that of ctx.
func (l *Limits) ReserveLogin(ctx context.Context, host string) (done func(), err error) {
	l.mu.Lock()
	logins := l.logins[host]
	if logins == nil {
		logins = semaphore.NewWeighted(maxDialsPerHost)
		l.logins[host] = logins
	}
	l.mu.Unlock()

	if err := logins.Acquire(ctx, 1); err != nil {
		return nil, err
	}
	return func() { logins.Release(1) }, nil
}

// ReserveSmall waits until there is memory for a batch of small mails. The caller must call done when they are stored. The
// error is that of ctx.
func (l *Limits) ReserveSmall(ctx context.Context, bytes int64) (done func(), err error) {
	return l.small.reserve(ctx, bytes)
}

// ReserveLarge is like ReserveSmall, for a single large mail.
func (l *Limits) ReserveLarge(ctx context.Context, bytes int64) (done func(), err error) {
	return l.large.reserve(ctx, bytes)
}

// ReserveFile waits until there is memory for the largest file of a mail to be sent. The caller must call done when the
// mail is sent. The error is that of ctx.
func (l *Limits) ReserveFile(ctx context.Context, bytes int64) (done func(), err error) {
	if bytes < minCountedFile {
		return func() {}, nil
	}
	return l.outgoing.reserve(ctx, bytes)
}

// TLS returns the TLS configuration for a host. base is set only by tests; nil means the system's root certificates. The
// caller must not change the result.
func (l *Limits) TLS(host string, base *tls.Config) *tls.Config {
	if base != nil {
		config := base.Clone()
		config.ServerName = host
		config.MinVersion = tls.VersionTLS12
		return config
	}

	l.mu.Lock()
	defer l.mu.Unlock()
	config := l.configs[host]
	if config == nil {
		config = &tls.Config{
			ServerName:         host,
			MinVersion:         tls.VersionTLS12,
			ClientSessionCache: l.sessions, // a resumed session needs no certificate check
		}
		l.configs[host] = config
	}
	return config
}
