package torture

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"parley/bot/teams/teamsfake"
)

// This file makes the emulator of Teams fail in the ways in which Microsoft's servers sometimes do: calls fail or are
// throttled, and events (notifications of messages) arrive late or twice, or are lost. For example, 4 % of posts are
// rejected with status 503. Faults occur by chance from armFaults to clearFaults.

// teamsFaults returns the faults of calls and events, each with its probability. A fault with After set occurs when the
// call has taken effect. If blind is true, Parley can't look up lost messages, and FaultLose is left out.
func teamsFaults(blind bool) []teamsfake.Fault {
	const often, seldom = 0.04, 0.02
	var list []teamsfake.Fault
	for _, posts := range []string{"activities.send", "conversations.create"} {
		list = append(list,
			teamsfake.Fault{Method: posts, Kind: teamsfake.FaultHTTP, Status: http.StatusServiceUnavailable, Chance: often},
			teamsfake.Fault{Method: posts, Kind: teamsfake.FaultHTTP, Status: http.StatusBadGateway, After: true, Chance: seldom},
			teamsfake.Fault{
				Method: posts,
				Kind:   teamsfake.FaultHTTP,
				Status: http.StatusPreconditionFailed,
				Code:   "PreconditionFailed",
				Chance: seldom,
			},
			teamsfake.Fault{Method: posts, Kind: teamsfake.FaultDrop, Chance: seldom},
			teamsfake.Fault{Method: posts, Kind: teamsfake.FaultReset, After: true, Chance: seldom},
			teamsfake.Fault{Method: posts, Kind: teamsfake.FaultRateLimit, Retry: 1, Chance: seldom},
			teamsfake.Fault{Method: posts, Kind: teamsfake.FaultDelay, After: true, Delay: time.Second, Chance: seldom})
	}
	list = append(list,
		teamsfake.Fault{Method: "activities.update", Kind: teamsfake.FaultHTTP, Status: http.StatusBadGateway, After: true, Chance: often},
		teamsfake.Fault{
			Method: "activities.update",
			Kind:   teamsfake.FaultHTTP,
			Status: http.StatusPreconditionFailed,
			Code:   "PreconditionFailed",
			Chance: seldom,
		},
		teamsfake.Fault{Method: "reactions.*", Kind: teamsfake.FaultDrop, After: true, Chance: often},
		teamsfake.Fault{Method: "members.*", Kind: teamsfake.FaultHTTP, Status: http.StatusServiceUnavailable, Chance: often},
		teamsfake.Fault{Method: "graph.*", Kind: teamsfake.FaultHTTP, Status: http.StatusServiceUnavailable, Code: "UnknownError", Chance: often},
		teamsfake.Fault{Method: "graph.*", Kind: teamsfake.FaultRateLimit, Retry: 1, Chance: seldom},
		teamsfake.Fault{Method: "openid", Kind: teamsfake.FaultHTTP, Status: http.StatusServiceUnavailable, Chance: often},
		teamsfake.Fault{Method: "keys", Kind: teamsfake.FaultHTTP, Status: http.StatusServiceUnavailable, Chance: often},
		teamsfake.Fault{Method: "token", Kind: teamsfake.FaultHTTP, Status: http.StatusServiceUnavailable, Chance: often},
		teamsfake.Fault{Method: "event:*", Kind: teamsfake.FaultDuplicate, Chance: often},
		teamsfake.Fault{Method: "event:*", Kind: teamsfake.FaultReorder, Chance: seldom},
		teamsfake.Fault{Method: "event:*", Kind: teamsfake.FaultDrop, Chance: seldom})
	if !blind {
		list = append(list, teamsfake.Fault{Method: "event:message*", Kind: teamsfake.FaultLose, Chance: seldom})
	}
	return list
}

func (s teamsPlatform) armFaults(ctx context.Context) error {
	for _, f := range teamsFaults(s.Blind) {
		if err := s.armFault(ctx, f); err != nil {
			return err
		}
	}
	return nil
}

func (s teamsPlatform) armFault(ctx context.Context, f teamsfake.Fault) error {
	return s.Call(ctx, http.MethodPost, s.Teams+"/_fake/faults", f, nil)
}

func (s teamsPlatform) RateLimit(ctx context.Context, lasting time.Duration) error {
	return errors.Join(s.armFault(ctx, teamsfake.Fault{Method: "activities.*", Kind: teamsfake.FaultRateLimit, For: lasting}),
		s.armFault(ctx, teamsfake.Fault{Method: "conversations.create", Kind: teamsfake.FaultRateLimit, For: lasting}))
}

// EndSessions revokes all tokens of Parley.
func (s teamsPlatform) EndSessions(ctx context.Context) error {
	return s.callAdmin(ctx, "revoke_tokens", teamsfake.Admin{})
}

func (s teamsPlatform) callAdmin(ctx context.Context, verb string, a teamsfake.Admin) error {
	return s.Call(ctx, http.MethodPost, s.Teams+"/_fake/admin/"+verb, a, nil)
}

func (s teamsPlatform) countFaults(ctx context.Context, counts map[string]int) error {
	var list []teamsfake.Fault
	err := s.Call(ctx, http.MethodGet, s.Teams+"/_fake/faults", nil, &list)
	for _, f := range list {
		what := string(f.Kind)
		if f.Kind == teamsfake.FaultHTTP {
			what = fmt.Sprint(f.Status)
		}
		if strings.HasPrefix(f.Method, "event:") {
			what = "event " + what
		}
		if f.After {
			what += " after it took effect"
		}
		counts["teams "+what] += f.Fired
	}
	return err
}

func (s teamsPlatform) clearFaults(ctx context.Context) error {
	return s.Call(ctx, http.MethodDelete, s.Teams+"/_fake/faults", nil, nil)
}
