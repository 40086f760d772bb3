package store_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// PostgreSQL asks these clocks again for each row for which it checks a condition. So in a statement that reads many
// rows, time passes: a row that isn't due at the beginning is due at the end, and the order of the rows is lost.
// (SELECT clock_timestamp()) has one value for the whole statement.
var (
	volatileClock  = regexp.MustCompile(`^(clock_timestamp|timeofday|parley_now)\(`)
	onceAStatement = regexp.MustCompile(`^\(SELECT (clock_timestamp|parley_now)\(\)\)`)
)

// clausesOf says for each word that begins a clause whether the clause is a condition on rows.
var clausesOf = map[string]bool{
	"where": true, "on": true, "having": true,
	"select": false, "from": false, "set": false, "returning": false, "group": false, "order": false, "limit": false, "values": false,
	"window": false, "for": false, "union": false, "insert": false, "update": false, "delete": false, "with": false, "do": false, "when": false,
	"cross": false, "join": false, "left": false,
}

// clocksInConditions returns the places of a statement at which a clock is asked again for each row.
func clocksInConditions(sql string) (found []string) {
	sql = regexp.MustCompile(`--.*`).ReplaceAllString(sql, "")
	sql = strings.Join(strings.Fields(sql), " ")

	condition := []bool{false} // by depth of brackets
	for i := 0; i < len(sql); {
		rest := sql[i:]
		top := len(condition) - 1
		switch word := regexp.MustCompile(`^\w+`).FindString(rest); {
		case onceAStatement.MatchString(rest):
			i += len(onceAStatement.FindString(rest))
		case volatileClock.MatchString(rest):
			if condition[top] {
				found = append(found, sql[max(0, i-50):min(len(sql), i+30)])
			}
			i += len(word)
		case word != "":
			if is, clause := clausesOf[strings.ToLower(word)]; clause && !(strings.EqualFold(word, "from") && inFunction(sql[:i])) {
				condition[top] = is
			}
			i += len(word)
		case rest[0] == '(':
			condition = append(condition, condition[top])
			i++
		case rest[0] == ')' && top > 0:
			condition = condition[:top]
			i++
		case rest[0] == '\'':
			end := strings.IndexByte(rest[1:], '\'')
			if end < 0 {
				return found
			}
			i += end + 2
		default:
			i++
		}
	}
	return found
}

// inFunction reports whether the FROM behind this text belongs to a function, as in extract(epoch FROM …).
func inFunction(before string) bool {
	return regexp.MustCompile(`(?i)\b(extract|substring|trim)\s*\([^()]*$`).MatchString(before)
}

// eachStatement calls look with the place and the text of each string in the program's files that match the pattern
// mention.
func eachStatement(t *testing.T, mention string, look func(place, sql string)) {
	t.Helper()
	statements := 0
	check(t, filepath.WalkDir("..", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return err
		}
		source, err := os.ReadFile(path)
		if err != nil || !regexp.MustCompile(mention).Match(source) {
			return err
		}

		files := token.NewFileSet()
		file, err := parser.ParseFile(files, path, source, 0)
		if err != nil {
			return err
		}

		ast.Inspect(file, func(n ast.Node) bool {
			if text, ok := n.(*ast.BasicLit); ok && text.Kind == token.STRING {
				sql, _ := strconv.Unquote(text.Value)
				statements++
				look(files.Position(text.Pos()).String(), sql)
			}
			return true
		})
		return nil
	}))
	if least := 50; statements < least {
		t.Errorf("%d texts were read, want at least %d", statements, least)
	}
}

// No statement of the program asks a clock again for each row for which it checks a condition.
func TestOneClockAStatement(t *testing.T) {
	t.Parallel()
	eachStatement(t, `clock_timestamp|parley_now`, func(place, sql string) {
		for _, found := range clocksInConditions(sql) {
			t.Errorf("%s: a clock is asked for each row: … %s …", place, found)
		}
	})
}

// clocksInConditions finds the places that the rule forbids, and no others.
func TestOneClockRule(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		sql  string
		want int // places at which a clock is asked for each row
	}{
		{name: "condition", sql: `SELECT 1 FROM a WHERE until > clock_timestamp()`, want: 1},
		{name: "condition with a subquery", sql: `SELECT 1 FROM a WHERE until > (SELECT clock_timestamp())`, want: 0},
		{
			name: "condition of a subquery",
			sql:  `SELECT 1 FROM a WHERE NOT EXISTS (SELECT 1 FROM b WHERE b.k = a.k AND b.until > clock_timestamp())`,
			want: 1,
		},
		{name: "join", sql: `SELECT 1 FROM a JOIN b ON b.until > parley_now() - interval '1 s' WHERE true`, want: 1},
		{name: "column with a FROM of its own", sql: `SELECT extract(epoch FROM clock_timestamp() - x) FROM a WHERE x < now()`, want: 0},
		{name: "condition with a FROM of its own", sql: `SELECT 1 FROM a WHERE extract(epoch FROM clock_timestamp() - x) > 1`, want: 1},
		{
			name: "value that is set and returned",
			sql:  `UPDATE a SET until = clock_timestamp() WHERE id = 1 RETURNING clock_timestamp()`,
			want: 0,
		},
		{
			name: "common table expression",
			sql:  `WITH t AS (SELECT clock_timestamp() AS now) SELECT 1 FROM a, t WHERE until > t.now`,
			want: 0,
		},
		{
			name: "condition of a conflict",
			sql:  `INSERT INTO a VALUES (1) ON CONFLICT (id) DO UPDATE SET at = clock_timestamp() WHERE a.at < parley_now()`,
			want: 1,
		},
		{name: "text, and order", sql: `SELECT 1 FROM a WHERE b = 'clock_timestamp()' ORDER BY clock_timestamp()`, want: 0},
	}

	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if found := clocksInConditions(tt.sql); len(found) != tt.want {
				t.Errorf("in %s\nfound %q, want %d", tt.sql, found, tt.want)
			}
		})
	}
}
