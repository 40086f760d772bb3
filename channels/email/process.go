package email

import (
	"context"
	"crypto/tls"
	"sync"

	"github.com/microcosm-cc/bluemonday"
	"github.com/yuin/goldmark"
	"golang.org/x/sync/semaphore"
)

// Limits of all mailboxes of a process together.
const (
	// dialsPerHost is how many connections to one mail server may be on their way to a
	// login at a time: when it comes back, a thousand mailboxes must not trip it again.
	dialsPerHost = 16
	// smallBytes and largeBytes bound the mail that was asked for and is not stored
	// yet. Batches of small mail and single large mails wait apart, so that a slow
	// large mail holds up no more than other large ones.
	smallBytes = 32 << 20
	largeBytes = 64 << 20
	// leavingBytes bounds the files of mails that are being sent; files below smallFile
	// do not count.
	leavingBytes = 64 << 20
	smallFile    = 256 << 10
)

// process is what the mailboxes of one process share: what is slow to make or large to
// keep, and bounds that hold for all of them together. Safe for concurrent use.
type process struct {
	policy   func() *bluemonday.Policy // made when the first original is opened
	markdown func() goldmark.Markdown  // made when the first mail leaves
	sessions tls.ClientSessionCache

	small, large pool // mail that was asked for and is not stored yet
	leaving      pool // files that are being sent

	mu      sync.Mutex
	dialing map[string]*semaphore.Weighted // by host
	configs map[string]*tls.Config         // by host
}

func newProcess() *process {
	return &process{
		policy:   sync.OnceValue(newPolicy),
		markdown: sync.OnceValue(newMarkdown),
		sessions: tls.NewLRUClientSessionCache(0),
		small:    newPool(smallBytes),
		large:    newPool(largeBytes),
		leaving:  newPool(leavingBytes),
		dialing:  map[string]*semaphore.Weighted{},
		configs:  map[string]*tls.Config{},
	}
}

// dial waits for a place among those who connect to a host; done gives it back.
// Errors: ctx ended.
func (p *process) dial(ctx context.Context, host string) (done func(), err error) {
	p.mu.Lock()
	places := p.dialing[host]
	if places == nil {
		places = semaphore.NewWeighted(dialsPerHost)
		p.dialing[host] = places
	}
	p.mu.Unlock()
	if err := places.Acquire(ctx, 1); err != nil {
		return nil, err
	}
	return func() { places.Release(1) }, nil
}

// reserve waits until so many bytes of mail may be held; done gives them back.
// Errors: ctx ended.
func (p *process) reserve(ctx context.Context, bytes int64, large bool) (done func(), err error) {
	if large {
		return p.large.take(ctx, bytes)
	}
	return p.small.take(ctx, bytes)
}

// send waits until a file of so many bytes may be held; done gives them back.
// Errors: ctx ended.
func (p *process) send(ctx context.Context, bytes int64) (done func(), err error) {
	if bytes < smallFile {
		return func() {}, nil
	}
	return p.leaving.take(ctx, bytes)
}

// pool is a number of bytes that may be held at a time.
type pool struct {
	free  *semaphore.Weighted
	total int64
}

func newPool(total int64) pool { return pool{semaphore.NewWeighted(total), total} }

// take waits for its turn. What is larger than the pool takes all of it.
func (p pool) take(ctx context.Context, bytes int64) (done func(), err error) {
	bytes = min(bytes, p.total)
	if err := p.free.Acquire(ctx, bytes); err != nil {
		return nil, err
	}
	return func() { p.free.Release(bytes) }, nil
}

// tls gives the configuration for one host. base is what tests change; nil: the
// system's roots.
func (p *process) tls(host string, base *tls.Config) *tls.Config {
	if base == nil {
		p.mu.Lock()
		defer p.mu.Unlock()
		if config := p.configs[host]; config != nil {
			return config
		}
	}
	config := &tls.Config{}
	if base != nil {
		config = base.Clone()
	}
	config.ServerName = host
	config.MinVersion = tls.VersionTLS12
	if base == nil {
		config.ClientSessionCache = p.sessions // a return costs no certificate check
		p.configs[host] = config
	}
	return config
}
