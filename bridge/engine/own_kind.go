package engine

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"parley/store"
)

// Kind is the type of one of Parley's own facts (see Fact). It decides which fields the fact has.
type Kind = store.FactKind

// Kinds of own facts. Results of replies have the kinds of relay.ReportKind instead. The comments name the fields that a kind uses
// besides Conversation. Kinds are stored in the database: their values must not change.
const (
	// Timers. Their kinds are also stored with the timers.
	Snooze      Kind = "snooze"   // the conversation's snooze is over
	Digest      Kind = "digest"   // time to report the snoozes that ended while Parley was down
	OwnWindow   Kind = "window"   // the period in which the provider allows free replies is over, for all or for automatic ones
	Evening     Kind = "evening"  // time for a team's evening list of reply windows that close soon; see EveningOf
	Early       Kind = "early"    // edits of messages that never arrived are taken for the messages now
	OwnReplying Kind = "replying" // an agent opened or closed a reply form, or left it open too long
	OwnersLeft  Kind = "left"     // owners of the conversation no longer work on its account
	Silence     Kind = "silence"  // the customer has been silent since an agent's answer

	AckDue   Kind = "ack_due"   // somebody should have taken the conversation by now
	ReplyDue Kind = "reply_due" // the customer should have been answered by now

	Automation Kind = "automation" // an automation was started: see AutomationOf
	Cron       Kind = "cron"       // it is the time of an automation: see CronOf

	Routed Kind = "routed" // rules give the conversation to an agent or a team: RoutedTo
	Absent Kind = "absent" // none of the conversation's owners is there

	// Threads and posts. A root is the first message of a thread.
	ThreadLost Kind = "thread_lost" // the thread with Root was deleted in Surface
	RootLeft   Kind = "root_left"   // the conversation has left Root in the channel External; the line of Delivery says so, if not 0
	Doubted    Kind = "doubted"     // Root was posted by Delivery, perhaps twice: the first attempt was at Due
	Sought     Kind = "sought"      // the search for a duplicate of Root found External, or nothing (""), or failed (Class is Blind)
	PostFailed Kind = "post_failed" // a post could not be delivered to its surface: Post, Text

	// Providers and models.
	Account  Kind = "account"  // an account, or the model, failed or works again: Class (its status), Text, Hint
	Template Kind = "template" // a provider reported on a template: State; Class is the occasion
	Fetched  Kind = "fetched"  // a message's file was fetched, or can't be: FetchedFile
	Analysed Kind = "analysed" // a customer's messages were analysed: AnalysedBurst
	Written  Kind = "written"  // a requested text was written; if not, Class, Text and Hint say why

	Board Kind = "board" // the board of the channel External in Surface is to be changed, or taken out

	// People, outside chats.
	Acted Kind = "acted" // an agent did something on one of Parley's web pages: Act
	Erase Kind = "erase" // a customer is being erased, so posts are removed from chats: Demand.Erase
)

// Blind is the Class of a Sought fact if the surface can't be searched.
const Blind = "blind"

// EveningOf returns the kind of the timer for a team's evening list. It contains the team and the day, which makes the timer unique:
// a team gets one list a day, however many processes set the timer.
func EveningOf(team store.TeamID, day time.Time) Kind {
	return Kind(fmt.Sprintf("%s:%d:%s", Evening, team, day.Format(time.DateOnly)))
}

// EveningTeam returns the team of a kind that EveningOf made. ok is false for all other kinds.
func EveningTeam(kind Kind) (team store.TeamID, ok bool) {
	rest, isEvening := strings.CutPrefix(string(kind), string(Evening)+":")
	number, _, hasDay := strings.Cut(rest, ":")
	id, err := strconv.ParseInt(number, 10, 64)
	return store.TeamID(id), isEvening && hasDay && err == nil
}

// AutomationOf returns the kind of the timer that carries out an automation in a conversation. chain names the automations whose
// effects have started it, the latest first.
func AutomationOf(name string, chain []string) Kind {
	return Automation + ":" + Kind(strings.Join(append([]string{name}, chain...), "\n"))
}

// AutomationIn returns the automation, and those that have started it, of a kind that AutomationOf made. name is "" for all others.
func AutomationIn(kind Kind) (name string, chain []string) {
	names, isAutomation := strings.CutPrefix(string(kind), string(Automation)+":")
	if !isAutomation {
		return "", nil
	}
	list := strings.Split(names, "\n")
	return list[0], list[1:]
}

// CronOf returns the kind of the timer for one of the times of an automation, which makes it unique, as EveningOf does.
func CronOf(name string, at time.Time) Kind {
	return Kind(fmt.Sprintf("%s:%d:%s", Cron, at.Unix(), name))
}

// CronIn returns the automation of a kind that CronOf made.
func CronIn(kind Kind) (name string, ok bool) {
	rest, isCron := strings.CutPrefix(string(kind), string(Cron)+":")
	_, name, found := strings.Cut(rest, ":")
	return name, isCron && found
}
