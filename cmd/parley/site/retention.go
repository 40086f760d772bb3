package site

import (
	"fmt"
	"time"

	"parley/bot/web/settings"
	"parley/bridge/setup"
	"parley/store"
)

// ListKept returns the table on the settings page for data retention. Each row says what Parley keeps, for how long, and
// what happens to it afterwards, for example: customers' reactions, 30 days, removed.
//
// values are the settings on the page, which need not be saved yet. For a value that isn't a number of days, the table uses
// the default; the page reports the error elsewhere.
func (d *settingsDesk) ListKept(values map[string][]string) []settings.Kept {
	days, _ := setup.RetentionOf(values) // the page reports invalid values itself
	return listKept(days.Periods())
}

// listKept returns the rows about records in the database.
func listKept(times store.RetentionPeriods) []settings.Kept {
	return []settings.Kept{
		{
			What: "Contacts, conversations, messages with their files and originals, the log",
			For:  "ever",
			Then: "Goes when the customer is erased",
		},
		{
			What: "What arrived, as it came",
			For:  inDays(times.Payloads),
			Then: "Removed; that it arrived stays known, so that nothing is taken twice",
		},
		{
			What: "How messages were delivered, and what was suggested, in conversations that ended",
			For:  inDays(times.Ended) + " after the end",
			Then: "Removed",
		},
		{
			What: "Notes on which cards, marks and private posts stand in the chat",
			For:  inDays(times.Passing),
			Then: "Removed, except the newest mark of each message; what stands in the chat stays",
		},
		{
			What: "Customers' reactions",
			For:  inDays(times.Payloads),
			Then: "Removed; the lines in the threads that tell of them stay",
		},
		{
			What: "Texts that somebody typed in a channel, outside all threads, and that went to no customer",
			For:  inDays(times.Payloads),
			Then: "Removed",
		},
		{
			What: "Who was told already what Parley does in a channel",
			For:  inDays(times.Ended),
			Then: "Removed",
		},
		{
			What: "Lists, reminders and other news that colleagues were told outside of all threads",
			For:  inDays(times.Ended),
			Then: "Removed; what stands in the chat stays",
		},
		{
			What: "Files that belong to no message any more",
			For:  inDays(times.Blobs),
			Then: "Removed, also from the object store",
		},
		{
			What: "What a model was asked about customers' words, and what it answered",
			For:  "as each account says",
			Then: "Removed",
		},
	}
}

// inDays formats a duration in whole days: "1 day", "30 days".
func inDays(d time.Duration) string {
	const day = 24 * time.Hour
	if n := int(d / day); n != 1 {
		return fmt.Sprintf("%d days", n)
	}
	return "1 day"
}
