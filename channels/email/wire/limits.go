package wire

import (
	"context"
	"crypto/tls"
	"sync"

	"golang.org/x/sync/semaphore"
)

// Limits of all mailboxes of a process together.
const (
	// maxDialsPerHost is how many connections to one mail server may be logging in at a time. When a
	// server comes back, a thousand mailboxes must not overload it at once.
	maxDialsPerHost = 16
	// maxSmallBytes and maxLargeBytes limit the mail that is being fetched and not stored yet. Batches of small mails
	// and single large mails have limits of their own, so that a slow large mail delays only other large ones.
	maxSmallBytes = 32 << 20
	maxLargeBytes = 64 << 20
	// maxLeavingBytes limits the files of mails that are being sent; files below minCountedFile don't count.
	maxLeavingBytes = 64 << 20
	minCountedFile  = 256 << 10
)

// Limits bounds the memory and the logins of all mailboxes of a process together. It also keeps TLS sessions, so that
// connecting again is cheaper. It is safe for concurrent use.
type Limits struct {
	sessions tls.ClientSessionCache

	small, large pool // mail that is being fetched and not stored yet
	leaving      pool // files that are being sent

	mu      sync.Mutex
	dialing map[string]*semaphore.Weighted // by host
	configs map[string]*tls.Config         // by host
}

// NewLimits returns the limits of one process.
func NewLimits() *Limits {
	return &Limits{
		sessions: tls.NewLRUClientSessionCache(0),
		small:    newPool(maxSmallBytes),
		large:    newPool(maxLargeBytes),
		leaving:  newPool(maxLeavingBytes),
		dialing:  map[string]*semaphore.Weighted{},
		configs:  map[string]*tls.Config{},
	}
}

// pool limits how many bytes may be in memory at a time.
type pool struct {
	free  *semaphore.Weighted
	total int64
}

func newPool(total int64) pool { return pool{semaphore.NewWeighted(total), total} }

// reserve waits until so many bytes are free. A request that is larger than the pool takes the whole pool. done
// gives the bytes back.
func (p pool) reserve(ctx context.Context, bytes int64) (done func(), err error) {
	bytes = min(bytes, p.total)
	if err := p.free.Acquire(ctx, bytes); err != nil {
		return nil, err
	}
	return func() { p.free.Release(bytes) }, nil
}

// MayDial waits until a connection to a host may be opened. done must be called after the login.
// Errors: ctx ended.
func (p *Limits) MayDial(ctx context.Context, host string) (done func(), err error) {
	p.mu.Lock()
	places := p.dialing[host]
	if places == nil {
		places = semaphore.NewWeighted(maxDialsPerHost)
		p.dialing[host] = places
	}
	p.mu.Unlock()
	if err := places.Acquire(ctx, 1); err != nil {
		return nil, err
	}
	return func() { places.Release(1) }, nil
}

// ReserveSmall waits until so many bytes of a batch of small mails may be in memory. done gives the bytes back.
// Errors: ctx ended.
func (p *Limits) ReserveSmall(ctx context.Context, bytes int64) (done func(), err error) {
	return p.small.reserve(ctx, bytes)
}

// ReserveLarge does the same for a single large mail.
func (p *Limits) ReserveLarge(ctx context.Context, bytes int64) (done func(), err error) {
	return p.large.reserve(ctx, bytes)
}

// ReserveFile waits until a file of so many bytes may be in memory. done gives the bytes back.
// Errors: ctx ended.
func (p *Limits) ReserveFile(ctx context.Context, bytes int64) (done func(), err error) {
	if bytes < minCountedFile {
		return func() {}, nil
	}
	return p.leaving.reserve(ctx, bytes)
}

// TLS returns the configuration for one host. Only tests set base; if it is nil, the system's root certificates
// are used.
func (p *Limits) TLS(host string, base *tls.Config) *tls.Config {
	if base != nil {
		config := base.Clone()
		config.ServerName = host
		config.MinVersion = tls.VersionTLS12
		return config
	}

	p.mu.Lock()
	defer p.mu.Unlock()
	config := p.configs[host]
	if config == nil {
		config = &tls.Config{
			ServerName:         host,
			MinVersion:         tls.VersionTLS12,
			ClientSessionCache: p.sessions, // saves the certificate check when we connect again
		}
		p.configs[host] = config
	}
	return config
}
