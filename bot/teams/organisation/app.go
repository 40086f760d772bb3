package organisation

import (
	"context"
	"log/slog"
	"time"

	"parley/bot/background"
	"parley/bot/teams/connector"
	"parley/bot/teams/graph"
	"parley/bot/teams/rest"
)

// RequestTimeout bounds one call of Microsoft's services.
const RequestTimeout = 20 * time.Second

// App is our app as Microsoft knows it, with the clients that call Teams and Graph.
type App struct {
	Tenant string
	Me     string // our own id: "28:" and the app id
	Client string // as card.Home.Client
	Log    *slog.Logger
	Now    func() time.Time
	Hosts  *rest.Hosts
	Bot    *connector.Client
	Graph  *graph.Client
	Work   *background.Work // work that goes on after a request was answered
}

// RunLater runs f in the background, bounded in number and time; Surface.Run waits for it. It returns
// false, without running f, when too much runs already.
func (b *App) RunLater(ctx context.Context, f func(context.Context)) bool {
	return b.Work.Go(func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), RequestTimeout)
		defer cancel()
		f(ctx)
	})
}
