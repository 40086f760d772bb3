package torture

import (
	"errors"
	"time"

	"parley/cmd/parley/lab"
)

// ErrVerdict is returned for a run that failed: Parley violated an invariant, or the run did not put the invariants
// to the test.
var ErrVerdict = errors.New("torture: the run failed")

// Report is the result of a test run: what people wrote, which faults were injected, and which invariants Parley violated.
// Maps are counts by kind of fault, such as "kill". A failed run leaves its report as report.json in its folder.
type Report struct {
	Seed  uint64    `json:"seed"`
	Loads [2]string `json:"loads"` // the machine's load average before and after

	// The acts of people in the run, and the faults that were injected.
	Workload       workloadCounts `json:"workload"`
	Planned        map[string]int `json:"planned"`
	Injected       map[string]int `json:"injected"`
	Missed         map[string]int `json:"missed"`          // faults that waited in vain for their trigger
	KillsAndStops  int            `json:"kills_and_stops"` // of Parley and PostgreSQL, among Injected
	ProviderFaults map[string]int `json:"provider_faults"` // errors of providers and connections, by what happened
	Skipped        []string       `json:"skipped"`         // what this machine could not play, and why
	Took           time.Duration  `json:"took"`            // Units: nanoseconds
	SettleTime     time.Duration  `json:"settle_time"`     // from the end of the flow to the verdict

	// The findings.
	Judged          bool      `json:"judged"` // the oracle has looked at least once; otherwise there is no verdict
	Verdict         Verdict   `json:"verdict"`
	Audit           Audit     `json:"audit"`
	Left            lab.Load  `json:"left"`             // what Parley still had to do at the end
	UnexpectedExits []string  `json:"unexpected_exits"` // ends of a Parley that the run did not cause
	FailedStarts    int       `json:"failed_starts"`    // of Parley: the database was out of reach, or the port was taken
	Downtimes       downtimes `json:"downtimes"`
	Crashes         []string  `json:"crashes,omitempty"`
	Problems        []string  `json:"problems,omitempty"` // content that emulators could not show as Parley intended

	// Failures says why the run failed. It is empty if all invariants were kept, and put to the test.
	Failures []string `json:"failures,omitempty"`
	Folder   string   `json:"folder,omitempty"` // where the run's data was kept

	opt Options
}

// downtimes are the times in which a Parley that was asked to stop, and the one after it, served nobody: from the
// last answer of the old process to the first of the new one.
type downtimes struct {
	Longest time.Duration   `json:"longest"` // Units: nanoseconds
	All     []time.Duration `json:"all"`
	// LongestStop is the longest that an old process took to end.
	LongestStop time.Duration `json:"longest_stop"`
	// Disturbed counts restarts that another fault disturbed. Their downtimes are not in All.
	Disturbed int `json:"disturbed"`
}

// workloadCounts counts what the driver's people wrote and did in a run.
type workloadCounts struct {
	Mails        int `json:"mails"`
	Replies      int `json:"replies"`
	Internal     int `json:"internal"`
	Edits        int `json:"edits"`
	Deletes      int `json:"deletes"`
	Bounced      int `json:"bounced"`       // replies to a mailbox that is gone
	LateEdits    int `json:"late_edits"`    // those of Edits that came after the customer had received the reply
	LateDeletes  int `json:"late_deletes"`  // those of Deletes that came after the customer had received the text
	Turned       int `json:"turned"`        // notes that were edited into replies
	Snoozed      int `json:"snoozed"`       // conversations that were snoozed
	Ended        int `json:"ended"`         // conversations that were archived, merged, split, deleted or closed by blocking
	Endings      int `json:"endings"`       // commands typed for that
	Woken        int `json:"woken"`         // those of Snoozed whose customer wrote during the snooze
	Bursts       int `json:"bursts"`        // several messages at once in one conversation
	Resolved     int `json:"resolved"`      // conversations that were resolved, some of them to be reopened
	HandedOver   int `json:"handed_over"`   // conversations given to another team, or left without an owner
	Floods       int `json:"floods"`        // times that customers wrote very often
	Poisons      int `json:"poisons"`       // events that can't be read
	FailingMails int `json:"failing_mails"` // mails whose applying failed, took long or ended the process
}
