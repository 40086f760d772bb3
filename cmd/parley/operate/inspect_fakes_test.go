package operate_test

import (
	"context"
	"errors"

	"parley/bridge/analysis"
	"parley/channels"
	"parley/store"
)

// Tokens in the settings of a raven.
const (
	goodToken = "r1ght" // ravenChannel finds that it works
	badToken  = "wr0ng" // any other is refused
)

// ravenChannel is a channel whose check depends on its token.
type ravenChannel struct {
	channels.Channel // only Check is called
	config           channels.Config
	env              channels.Env
}

// newRaven refuses the host "nowhere".
func newRaven(a channels.Account, env channels.Env) (channels.Channel, error) {
	if a.Config["host"] == "nowhere" {
		return nil, errors.New("raven: host: nowhere is no place")
	}
	return ravenChannel{config: a.Config, env: env}, nil
}

// Check implements channels.Checker. It also finds fault with an Env by which it could store a customer's message.
func (c ravenChannel) Check(ctx context.Context) []channels.Finding {
	if err := c.env.Accept(ctx, channels.Fact{}); err == nil {
		return []channels.Finding{{What: "look", Text: "it can store facts"}}
	}
	if c.config["token"] != goodToken {
		return []channels.Finding{{What: "landing", Text: "The loft refuses the token.", Hint: "Ask its keeper for another."}}
	}
	return []channels.Finding{{OK: true, What: "landing", Text: "At " + c.config["host"] + "."}}
}

// uncheckedChannel is a channel that can't be checked.
type uncheckedChannel struct{ channels.Channel }

func newUnchecked(channels.Account, channels.Env) (channels.Channel, error) {
	return uncheckedChannel{}, nil
}

// testSpecs returns two channels: ravens, which are checked, and owls, which aren't.
func testSpecs() []channels.Spec {
	fields := []channels.Field{{Name: "host", Default: "loft.test"}, {Name: "token", Secret: true}}
	return []channels.Spec{
		{Kind: "raven", Fields: fields, New: newRaven},
		{Kind: "owl", New: newUnchecked},
	}
}

// checkedSurface is a surface whose check has these findings.
type checkedSurface []channels.Finding

// workingSurface is a surface whose check finds that all works.
func workingSurface() checkedSurface {
	return checkedSurface{{OK: true, What: "token", Text: "Works."}}
}

// Check implements channels.Checker.
func (s checkedSurface) Check(context.Context) []channels.Finding { return s }

// censusSurface is a surface that lacks these users.
type censusSurface struct {
	checkedSurface
	absent []store.SurfaceUser
}

// Absent is a surface's.
func (s censusSurface) Absent(context.Context, []store.SurfaceUser) ([]store.SurfaceUser, error) {
	return s.absent, nil
}

// fakeModel is a model in this condition.
type fakeModel analysis.Condition

// Probe implements inspect.Model.
func (m fakeModel) Probe(context.Context) analysis.Condition { return analysis.Condition(m) }
