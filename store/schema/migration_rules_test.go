package schema_test

import (
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"strings"
	"testing"

	"parley/store"
)

// A migration runs while replicas of the version before read and write, and may be cut off
// at any statement. Only forms of statements that are known to be harmless then are allowed:
// a new form needs a rule here that says why.

// These are the faults that a statement can have.
const (
	unknownForm   = "its form is not known to be harmless while others work"
	notRepeatable = "it can't be repeated: say IF [NOT] EXISTS, OR REPLACE or ON CONFLICT"
	locksWriters  = "it keeps writers waiting while the index is built: say CONCURRENTLY"
	keepsBroken   = "an index that an interrupted run left unfinished stays: " +
		"no IF NOT EXISTS, but DROP INDEX CONCURRENTLY IF EXISTS right before"
	locksReaders  = "it keeps readers waiting: say DROP INDEX CONCURRENTLY IF EXISTS"
	inTransaction = "it can't be in a transaction: say -- +goose NO TRANSACTION"
	readsWhole    = "it reads or rewrites the whole table while nobody else may use it"
	locksRows     = "it locks rows that others want: change them in batches beside the queue"
	locksTwo      = "one table stays locked while it waits for another: give each a file of its own, or no transaction"
)

func TestMigrationRules(t *testing.T) {
	t.Parallel()
	files := must(fs.Glob(store.MigrationFiles(), "migrations/*.sql"))(t)
	for _, file := range files {
		name := path.Base(file)
		for _, f := range faults(string(must(fs.ReadFile(store.MigrationFiles(), file))(t))) {
			t.Errorf("%s: %s\n\t%s", name, f.what, f.statement)
		}
	}
}

// noTransaction begins a file whose statements run one by one.
const noTransaction = "-- +goose NO TRANSACTION\n"

// fault is what one statement of a migration does wrong.
type fault struct{ what, statement string }

// migrationFile is a migration as far as it was read.
type migrationFile struct {
	transaction bool
	created     map[string]bool // tables that are new in this file: nobody else uses them
	locked      map[string]bool // other tables that the transaction keeps locked
	previous    string          // the statement before
	faults      []fault
}

// faults reads a migration and gives what may not be done.
func faults(file string) []fault {
	f := &migrationFile{
		transaction: !strings.Contains(file, strings.TrimSpace(noTransaction)),
		created:     map[string]bool{},
		locked:      map[string]bool{},
	}
	for _, statement := range statements(file) {
		f.judge(statement)
		f.previous = statement
	}
	return f.faults
}

func (f *migrationFile) judge(statement string) {
	known := false
	for form, rule := range statementRules {
		if m := regexp.MustCompile(form).FindStringSubmatch(statement); m != nil {
			known = true
			for _, what := range rule(f, m) {
				f.faults = append(f.faults, fault{what, statement})
			}
		}
	}
	if !known {
		f.faults = append(f.faults, fault{unknownForm, statement})
	}
	if f.transaction && len(f.locked) > 1 {
		f.faults = append(f.faults, fault{locksTwo, statement})
	}
}

// uses notes that a statement locks a table.
func (f *migrationFile) uses(table string) {
	if !f.created[table] {
		f.locked[table] = true
	}
}

// unlessRepeatable gives the fault of a statement that runs by itself and can't run twice.
func (f *migrationFile) unlessRepeatable(repeatable bool) []string {
	if f.transaction || repeatable {
		return nil
	}
	return []string{notRepeatable}
}

// statementRules are the forms that are allowed, and what each must keep to.
var statementRules = map[string]func(f *migrationFile, m []string) []string{
	`^CREATE TABLE (IF NOT EXISTS )?(\w+) (?:\((.+)\)|PARTITION OF (\w+) .+)( WITH \(.+\)| PARTITION BY .+)?$`: func(
		f *migrationFile, m []string,
	) []string {
		f.created[m[2]] = true
		for _, reference := range regexp.MustCompile(`REFERENCES (\w+)`).FindAllStringSubmatch(m[3], -1) {
			f.uses(reference[1])
		}
		if m[4] != "" {
			f.uses(m[4])
		}
		return f.unlessRepeatable(m[1] != "")
	},
	`^CREATE (?:UNIQUE )?INDEX (CONCURRENTLY )?(IF NOT EXISTS )?(\w+) ON (\w+) .+$`: func(f *migrationFile, m []string) []string {
		concurrently, ifNotExists, index, table := m[1] != "", m[2] != "", m[3], m[4]
		dropped := regexp.MustCompile(`^DROP INDEX (CONCURRENTLY )?IF EXISTS ` + index + `$`).MatchString(f.previous)
		switch {
		case concurrently && f.transaction:
			return []string{inTransaction}
		case f.created[table]:
			return f.unlessRepeatable(ifNotExists || dropped)
		case !concurrently:
			return []string{locksWriters}
		case ifNotExists || !dropped:
			return []string{keepsBroken}
		}
		return nil
	},
	`^DROP INDEX (CONCURRENTLY IF EXISTS )?.+$`: func(f *migrationFile, m []string) []string {
		switch {
		case m[1] == "":
			return []string{locksReaders}
		case f.transaction:
			return []string{inTransaction}
		}
		return nil
	},
	`^ALTER TABLE (\w+) (.+)$`: func(f *migrationFile, m []string) []string {
		f.uses(m[1])
		var found []string
		for _, change := range splitTopLevel(m[2]) {
			found = append(found, f.judgeChange(m[1], m[2], change)...)
		}
		return found
	},
	`^INSERT INTO \w+ .+?( ON CONFLICT .+)?$`: func(f *migrationFile, m []string) []string {
		return f.unlessRepeatable(m[1] != "")
	},
	`^(?:UPDATE|DELETE FROM) (\w+)\b.*$`: func(f *migrationFile, m []string) []string {
		if f.created[m[1]] {
			return nil
		}
		return []string{locksRows}
	},
	`^CREATE (OR REPLACE )?VIEW .+$`:        func(f *migrationFile, m []string) []string { return f.unlessRepeatable(m[1] != "") },
	`^CREATE SEQUENCE (IF NOT EXISTS )?.+$`: func(f *migrationFile, m []string) []string { return f.unlessRepeatable(m[1] != "") },
	`^CREATE (OR REPLACE )?FUNCTION .+$`:    func(f *migrationFile, m []string) []string { return f.unlessRepeatable(m[1] != "") },
	`^CREATE (OR REPLACE )?TRIGGER .+? ON (\w+) .+$`: func(f *migrationFile, m []string) []string {
		f.uses(m[2])
		return f.unlessRepeatable(m[1] != "")
	},
	`^DROP TRIGGER (IF EXISTS )?\w+ ON (\w+)$`: func(f *migrationFile, m []string) []string {
		f.uses(m[2])
		return f.unlessRepeatable(m[1] != "")
	},
	`^DROP (?:TABLE|SEQUENCE|FUNCTION) (IF EXISTS )?(\w+).*$`: func(f *migrationFile, m []string) []string {
		f.uses(m[2])
		return f.unlessRepeatable(m[1] != "")
	},
}

// judgeChange judges one change of ALTER TABLE; all is the whole list of them.
func (f *migrationFile) judgeChange(table, all, change string) []string {
	add := regexp.MustCompile(`^ADD COLUMN (IF NOT EXISTS )?(.+)$`).FindStringSubmatch(change)
	constraint := regexp.MustCompile(`^ADD CONSTRAINT (\w+) .+ NOT VALID$`).FindStringSubmatch(change)
	is := func(form string) bool { return regexp.MustCompile(form).MatchString(change) }
	switch {
	case add != nil && (f.created[table] || isCheapColumn(add[2])):
		return f.unlessRepeatable(add[1] != "")
	case constraint != nil:
		return f.unlessRepeatable(strings.Contains(all, "DROP CONSTRAINT IF EXISTS "+constraint[1]+","))
	case f.created[table]:
		return nil
	case is(`^VALIDATE CONSTRAINT \w+$`): // takes no lock that readers or writers would notice
		if f.transaction {
			return []string{inTransaction}
		}
		return nil
	case is(`^DROP (COLUMN|CONSTRAINT) \w+$`):
		return f.unlessRepeatable(false)
	case is(`^DROP (COLUMN|CONSTRAINT) IF EXISTS \w+$`),
		is(`^ALTER COLUMN \w+ (SET DEFAULT .+|DROP DEFAULT|DROP NOT NULL|SET STATISTICS \d+)$`),
		is(`^(SET|RESET) \(.+\)$`): // only the catalogue changes
		return nil
	}
	return []string{readsWhole}
}

// isCheapColumn tells whether a column can be added without a look at any row.
func isCheapColumn(definition string) bool {
	if regexp.MustCompile(`(?i)\b(REFERENCES|CHECK|UNIQUE|PRIMARY KEY|CONSTRAINT|GENERATED|\w*serial)\b`).MatchString(definition) {
		return false
	}
	constant := regexp.MustCompile(`DEFAULT ('[^']*'(::[\w\[\]]+)?|-?[\d.]+|true|false|NULL)$`).MatchString(definition)
	if strings.Contains(definition, "NOT NULL") || strings.Contains(definition, "DEFAULT") {
		return constant
	}
	return true
}

// splitTopLevel cuts a list at its commas, those in brackets excepted.
func splitTopLevel(list string) []string {
	var parts []string
	depth, from := 0, 0
	for i, r := range list {
		switch {
		case r == '(':
			depth++
		case r == ')':
			depth--
		case r == ',' && depth == 0:
			parts, from = append(parts, strings.TrimSpace(list[from:i])), i+1
		}
	}
	return append(parts, strings.TrimSpace(list[from:]))
}

// statements gives the statements of a migration, without comments and with single spaces.
// Semicolons in texts are not expected outside of StatementBegin and StatementEnd.
func statements(file string) []string {
	var list []string
	var text strings.Builder
	ends := func() {
		one := strings.TrimSuffix(strings.Join(strings.Fields(text.String()), " "), ";")
		text.Reset()
		if one != "" {
			list = append(list, one)
		}
	}
	file, _, _ = strings.Cut(file, "-- +goose Down")
	block := false // between StatementBegin and StatementEnd
	for line := range strings.Lines(file) {
		if strings.HasPrefix(line, "-- +goose Statement") {
			ends()
			block = strings.Contains(line, "Begin")
		}
		line, _, _ = strings.Cut(line, "--")
		for before, after, found := strings.Cut(line, ";"); found && !block; before, after, found = strings.Cut(line, ";") {
			text.WriteString(before)
			ends()
			line = after
		}
		fmt.Fprintln(&text, line)
	}
	ends()
	return list
}
