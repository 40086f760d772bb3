package own

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"parley/store"
)

// Kind says what a fact of Parley's own tells.
type Kind = store.FactKind

// Kinds of own facts besides those of relay.ReportKind, which are results of replies. A timer's kind is also stored with the timer.
const (
	// Timers.
	Snooze     Kind = "snooze"   // a snooze is over
	Digest     Kind = "digest"   // agents are told which snoozes ended while Parley was down
	Window     Kind = "window"   // a reply window has closed, for all or for machines
	Evening    Kind = "evening"  // a team's list of windows that close soon. The kind also names team and day: EveningOf
	Week       Kind = "week"     // a team is told how its week was. The kind also names team and time: WeekOf
	Early      Kind = "early"    // edits whose messages have not come until now count as these messages
	Replying   Kind = "replying" // somebody opened or closed the form of a reply, or left it open too long
	OwnersLeft Kind = "left"     // owners of the conversation are no longer agents

	// What became of threads and posts.
	ThreadLost Kind = "thread_lost" // the thread that begins with Root is no longer in Surface
	RootLeft   Kind = "root_left"   // Root, in the channel External, is no longer a thread; Delivery is the line that says so, 0 means none
	Doubted    Kind = "doubted"     // Root was posted by Delivery and may be there twice: it was first tried at Due
	Sought     Kind = "sought"      // Root may be there twice: External is the other one, "" means none; Class is Blind if nobody could look
	PostFailed Kind = "post_failed" // a post could not be delivered to its surface: Post, Text

	// What providers, the analysis and models told.
	Account  Kind = "account"  // an account, or the model, broke or works again: Class (its status), Text, Hint
	Template Kind = "template" // a provider said something of a template: State; Class says on which occasion
	Fetched  Kind = "fetched"  // a file of a message was fetched, or can't be
	Analysed Kind = "analysed" // a burst was analysed
	Written  Kind = "written"  // a text that was asked for is written, or Class, Text and Hint say why not

	// What people did outside of chats.
	Acted Kind = "acted" // an agent did something on one of Parley's pages: Act
	Erase Kind = "erase" // posts are removed from chats, because a customer was erased: Demand.Erase
)

// Blind is the Class of a Sought fact if the surface could not be searched.
const Blind = "blind"

// EveningOf returns the kind of the timer for a team's evening list. It names team and day, so that a team gets one list a
// day, whoever sets or fires the timer.
func EveningOf(team store.TeamID, day time.Time) Kind {
	return Kind(fmt.Sprintf("%s:%d:%s", Evening, team, day.Format(time.DateOnly)))
}

// EveningTeam reads a kind of EveningOf.
func EveningTeam(kind Kind) (team store.TeamID, ok bool) { return parseTeamKind(kind, Evening) }

// WeekOf returns the kind of the timer that tells a team how its week was. It names team and time, so that a team is told
// once.
func WeekOf(team store.TeamID, due time.Time) Kind {
	return Kind(fmt.Sprintf("%s:%d:%s", Week, team, due.UTC().Format(time.RFC3339)))
}

// WeekTeam reads a kind of WeekOf.
func WeekTeam(kind Kind) (team store.TeamID, ok bool) { return parseTeamKind(kind, Week) }

// parseTeamKind reads the kind of a team's timer: "evening:7:2026-11-22", "week:7:2026-11-23T08:00:00Z".
func parseTeamKind(kind, prefix Kind) (team store.TeamID, ok bool) {
	rest, isOfPrefix := strings.CutPrefix(string(kind), string(prefix)+":")
	number, _, hasTime := strings.Cut(rest, ":")
	id, err := strconv.ParseInt(number, 10, 64)
	return store.TeamID(id), isOfPrefix && hasTime && err == nil
}
