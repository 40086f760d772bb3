package app_test

import (
	"parley/bridge"
	"parley/bridge/bridgetest"
	"parley/cmd/parley/app"
)

// inChat lets agents work in a small chat in place of Slack.
func inChat(c *bridgetest.Chat) []app.SurfaceSpec { return []app.SurfaceSpec{chatSpec("slack", c)} }

func chatSpec(kind string, c *bridgetest.Chat) app.SurfaceSpec {
	return app.SurfaceSpec{Kind: kind, New: func(_ app.Env, o app.SurfaceOptions) (bridge.Surface, error) {
		return bridgetest.NewSurface(c, o.Desk, 0), nil
	}}
}
