package teams

import (
	"context"
	"log/slog"
	"time"

	"parley/bot/background"
	"parley/bot/teams/connector"
	"parley/bot/teams/graph"
	"parley/bot/teams/rest"
)

// app is our app as Microsoft knows it, with the clients that call Teams and Graph.
type app struct {
	tenant string
	me     string // our own id: "28:" and the app id
	log    *slog.Logger
	now    func() time.Time
	hosts  *rest.Hosts
	bot    *connector.Client
	graph  *graph.Client
	work   *background.Work // work that goes on after a request was answered
}

// later runs f in the background, bounded in number and time; Surface.Run waits for it. It returns
// false, without running f, when too much runs already.
func (b *app) later(ctx context.Context, f func(context.Context)) bool {
	return b.work.Go(func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), requestTimeout)
		defer cancel()
		f(ctx)
	})
}
