package loop

import (
	"go/ast"
	"go/parser"
	"go/token"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// still are the events that change nothing of a task or stream that exists, or
// that no mail makes by itself.
var still = []EventKind{
	Opened, Started, Updated, Commented, PassedOn, Noted, MaybeAwayE, HandedE, HeldE, Confirmed, Released, AliasAdded, Told,
	Digested, Prompted, Reviewed, BouncedE, Ignored, SeenE, ForgotE, WrongTokenE, ImportedE,
}

// Every kind of event is a move, which needs a token and evidence, or is named
// as one that is not: a new kind must say which.
func TestEveryEventIsAMoveOrNot(t *testing.T) {
	f, err := parser.ParseFile(token.NewFileSet(), "event.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	ast.Inspect(f, func(node ast.Node) bool {
		spec, ok := node.(*ast.ValueSpec)
		if !ok || len(spec.Values) != 1 {
			return true
		}
		if typ, ok := spec.Type.(*ast.Ident); !ok || typ.Name != "EventKind" {
			return true
		}
		s, err := strconv.Unquote(spec.Values[0].(*ast.BasicLit).Value)
		if err != nil {
			t.Fatal(err)
		}
		n++
		if k := EventKind(s); moves[k] == slices.Contains(still, k) {
			t.Errorf("%s: is a move %v, is none %v", strings.ToLower(spec.Names[0].Name), moves[k], slices.Contains(still, k))
		}
		return true
	})
	if n < 30 {
		t.Errorf("only %d kinds of events were found", n)
	}
}
