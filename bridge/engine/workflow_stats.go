package engine

import (
	"context"

	"github.com/jackc/pgx/v5"

	"parley/bridge"
	"parley/store"
	"parley/store/measure"
)

// maxStatsTeams is the maximum number of teams in an answer.
const maxStatsTeams = 8

// DashboardLink returns the URL of a team's dashboard page for some days, which are given as yyyy-mm-dd. team
// may be allTeams.
type DashboardLink func(team store.TeamID, from, to string) string

// Stats returns the answer to "@Parley stats": a line with the figures of the last seven days, such as new
// conversations and the time until the first answer. It has one row for each team that the agent is in, or one
// for all teams together if an admin is in none. link is nil if the dashboard has no public URL.
// Errors: *bridge.Problem if the agent is neither in a team nor an admin; the database's.
func (w *work) Stats(ctx context.Context, tx pgx.Tx, agent *store.Agent, link DashboardLink) (bridge.Line, error) {
	teams := w.Dir.TeamsOf(agent.ID)
	if len(teams) == 0 {
		if !agent.IsAdmin() {
			return bridge.Line{}, &bridge.Problem{
				Code: "no_team",
				Text: "You are in no team, so I have no figures for you.",
				Hint: "Ask an admin to add you to a team.",
			}
		}
		teams = []store.TeamID{allTeams}
	}

	behind, err := measure.ReadBehind(ctx, tx)
	if err != nil {
		return bridge.Line{}, err
	}

	shown := teams[:min(len(teams), maxStatsTeams)]
	line := &bridge.StatsLine{Missing: isIncomplete(behind), Left: len(teams) - len(shown)}
	for _, team := range shown {
		var week bridge.TeamWeek
		week.SevenDays, err = w.sevenDays(ctx, tx, w.Now.In(weekZone(w.Dir, team)), team)
		if err != nil {
			return bridge.Line{}, err
		}
		if row := w.Dir.Team(team); row != nil {
			week.Team = row.Name
		}
		if link != nil {
			week.Link = link(team, week.From, week.To)
		}

		line.Weeks = append(line.Weeks, week)
	}

	return bridge.Line{Content: line}, nil
}
