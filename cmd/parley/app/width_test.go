package app_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// The most fields and methods that a reader can keep in mind of one type.
const (
	maxFields  = 20
	maxMethods = 40
)

// notServing are the packages that take no part in serving, such as those that play providers, chats and customers.
func notServing() []string {
	return append(emulators(), "cmd/parley/demo/...", "cmd/parley/torture/...", "cmd/parley/bench/...", "cmd/parley/lab/...",
		"bridge/setup/...", "bot/view/viewtest", "store/storetest")
}

// width is how many fields and methods a type has.
type width struct{ fields, methods int }

// No type of a package that serves has more fields or methods than a reader can keep in mind. A part of a larger type
// belongs in a type of its own, which is named by a noun of the field.
func TestTypesAreNarrow(t *testing.T) {
	t.Parallel()
	root := moduleRoot(t)
	noticeChanges(t, root)
	widths := widthsOf(t, root)
	if len(widths) < 300 {
		t.Fatalf("only %d types found", len(widths))
	}
	for _, name := range slices.Sorted(maps.Keys(widths)) {
		w := widths[name]
		if w.fields > maxFields {
			t.Errorf("%s has %d fields, more than %d: group what belongs together into types of its own", name, w.fields, maxFields)
		}
		if w.methods > maxMethods {
			t.Errorf("%s has %d methods, more than %d: some of them belong to a part of it", name, w.methods, maxMethods)
		}
	}
}

// widthsOf counts the fields and methods of all types, by package and name: "bridge.Facts". An embedded type
// counts as one field, as it is one for a reader.
func widthsOf(t *testing.T, root string) map[string]width {
	t.Helper()
	widths := map[string]width{}
	check(t, filepath.WalkDir(root, func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && name != root && (strings.HasPrefix(d.Name(), ".") || d.Name() == "testdata") {
			return fs.SkipDir
		}

		inside, err := filepath.Rel(root, path.Dir(name))
		if err != nil || d.IsDir() || !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") ||
			matchAny(notServing(), filepath.ToSlash(inside)) {
			return err
		}

		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		for _, decl := range file.Decls {
			countIn(widths, filepath.ToSlash(inside), decl)
		}
		return nil
	}))
	return widths
}

// countIn adds the fields and methods that one declaration gives to types.
func countIn(widths map[string]width, in string, decl ast.Decl) {
	switch d := decl.(type) {
	case *ast.FuncDecl:
		if d.Recv != nil && len(d.Recv.List) == 1 {
			w := widths[in+"."+receiver(d.Recv.List[0].Type)]
			w.methods++
			widths[in+"."+receiver(d.Recv.List[0].Type)] = w
		}
	case *ast.GenDecl:
		for _, s := range d.Specs {
			spec, ok := s.(*ast.TypeSpec)
			if !ok {
				continue
			}
			w := widths[in+"."+spec.Name.Name]
			switch typ := spec.Type.(type) {
			case *ast.StructType:
				w.fields += members(typ.Fields)
			case *ast.InterfaceType:
				w.methods += members(typ.Methods)
			}
			widths[in+"."+spec.Name.Name] = w
		}
	}
}

// members counts names: "A, B int" are two, an embedded type is one.
func members(list *ast.FieldList) int {
	n := 0
	for _, f := range list.List {
		n += max(1, len(f.Names))
	}
	return n
}

// receiver names the type of a method.
func receiver(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.StarExpr:
		return receiver(e.X)
	case *ast.IndexExpr:
		return receiver(e.X)
	case *ast.IndexListExpr:
		return receiver(e.X)
	case *ast.Ident:
		return e.Name
	}
	return ""
}
