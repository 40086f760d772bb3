package workflow

import (
	"context"

	"github.com/jackc/pgx/v5"

	"parley/bridge"
	"parley/store"
	"parley/store/measure"
)

// maxStatsTeams is how many teams are shown at once.
const maxStatsTeams = 8

// DashboardLink makes the address of a team's page on the dashboard for some days (yyyy-mm-dd). allTeams is a team here, too.
type DashboardLink func(team store.TeamID, from, to string) string

// Stats returns a line with the figures of the last seven days: of each team that an agent is in, or of all teams together for an
// admin who is in none. link is nil if the dashboard has no public address.
// Errors: *bridge.Problem if the agent is in no team and no admin; the database's.
func (wf *UseCases) Stats(ctx context.Context, tx pgx.Tx, agent *store.Agent, link DashboardLink) (bridge.Line, error) {
	teams := wf.Dir.TeamsOf(agent.ID)
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
		week.SevenDays, err = wf.sevenDays(ctx, tx, wf.Now.In(weekZone(wf.Dir, team)), team)
		if err != nil {
			return bridge.Line{}, err
		}
		if row := wf.Dir.Team(team); row != nil {
			week.Team = row.Name
		}
		if link != nil {
			week.Link = link(team, week.From, week.To)
		}

		line.Weeks = append(line.Weeks, week)
	}

	return bridge.Line{Content: line}, nil
}
