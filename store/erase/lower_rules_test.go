package erase_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// In a database with the locale of Turkey, lower('ID') is 'ıd', and a search for what Go made lower case finds nothing. So all
// statements of this package replace I first. With PARLEY_TEST_LOCALE=tr-TR, TestDirectLinesOfOthers fails without that.
func TestLowerCaseInEveryLocale(t *testing.T) {
	t.Parallel()
	lower := regexp.MustCompile(`\blower\((replace\()?`)
	files := must(filepath.Glob("*.go"))(t)
	found := 0
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		for _, call := range lower.FindAllString(string(must(os.ReadFile(file))(t)), -1) {
			found++
			if !strings.HasSuffix(call, "replace(") {
				t.Errorf("%s: lower(…) must be lower(replace(…, 'I', 'i'))", file)
			}
		}
	}
	if found == 0 {
		t.Error("no statement was found")
	}
}
