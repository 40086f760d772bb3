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

// Stats makes a line with the figures of the last seven days of each team that an agent is in. For an admin who is in
// none it has those of all teams together. link returns the address of a team's figures of some days on the dashboard;
// it is nil if the dashboard has no public address.
// Errors: *Problem for an agent without a team; the database's.
func (wf *UseCases) Stats(ctx context.Context, tx pgx.Tx, agent *store.Agent, link func(team store.TeamID, from, to string) string) (bridge.Line, error) {
	teams := wf.Dir.TeamsOf(agent.ID)
	if len(teams) == 0 {
		if !agent.IsAdmin() {
			return bridge.Line{}, &bridge.Problem{Code: "no_team", Text: "You are in no team, so I have no figures for you.", Hint: "Ask an admin to add you to a team."}
		}
		teams = []store.TeamID{0}
	}

	behind, err := measure.ReadBehind(ctx, tx)
	if err != nil {
		return bridge.Line{}, err
	}

	line := &bridge.StatsLine{Missing: isIncomplete(behind), Left: max(len(teams)-maxStatsTeams, 0)}
	for _, team := range teams[:len(teams)-line.Left] {
		var week bridge.TeamWeek
		if week.SevenDays, err = wf.sevenDays(ctx, tx, wf.Now, team); err != nil {
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
