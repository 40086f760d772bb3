package engine_test

import (
	"context"
	"sync"
	"sync/atomic"

	"parley/bridge"
	"parley/bridge/bridgetest"
)

// probes counts for each process how often it began to ask the chat whether it answers. A process asks again only when what it
// learnt last is written down.
type probes struct {
	mu    sync.Mutex
	begun []*atomic.Int64
}

// watch is a world's options.surface.
func (p *probes) watch(s bridge.Surface) bridge.Surface {
	chat, ok := s.(*bridgetest.Surface)
	if !ok {
		panic("probes count how often a chat of bridgetest is asked")
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	begun := new(atomic.Int64)
	p.begun = append(p.begun, begun)
	return probedSurface{Surface: chat, begun: begun}
}

// counts returns how often each process has begun to ask.
func (p *probes) counts() []int64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	var list []int64
	for _, begun := range p.begun {
		list = append(list, begun.Load())
	}
	return list
}

// probedSurface counts its calls of Reach.
type probedSurface struct {
	*bridgetest.Surface
	begun *atomic.Int64
}

func (s probedSurface) Reach(ctx context.Context) error {
	s.begun.Add(1)
	return s.Surface.Reach(ctx)
}

// waitProbesAnew waits until no process has an answer of the chat in hand that it asked for before now: on a busy machine one may
// be written only after minutes of Parley's clock, which would end or begin an outage.
func (w *world) waitProbesAnew(p *probes) {
	w.t.Helper()
	before := p.counts()
	w.eventually("each process has asked the chat anew", func() bool {
		for i, now := range p.counts() {
			if i < len(before) && now == before[i] {
				return false
			}
		}
		return true
	})
}
