package parse

import "strings"

// Some tasks are a table with the parts as the heads of its columns. It is
// turned into a label a column, with what stands below it.

// uncolumned is a text with such tables written out.
func uncolumned(text string) string {
	if strings.Count(text, "|") < 2 {
		return text
	}
	lines := strings.Split(text, "\n")
	var out []string
	for i := 0; i < len(lines); {
		heads := headCells(lines[i])
		end := i + 1
		columns := make([][]string, len(heads))
	rows:
		for ; len(heads) > 0 && end < len(lines) && strings.TrimSpace(lines[end]) != ""; end++ {
			row := cells(lines[end])
			switch {
			case strings.Trim(lines[end], "|-: \t") == "":
			case len(row) == len(heads):
				for k, c := range row {
					columns[k] = append(columns[k], c)
				}
			case len(row) == 1 && len(columns[0]) > 0: // a cell of several lines: only the last can be told
				columns[len(heads)-1] = append(columns[len(heads)-1], lines[end])
			default:
				break rows
			}
		}
		if len(heads) == 0 || len(columns[0]) == 0 {
			out = append(out, lines[i])
			i++
			continue
		}
		for k, head := range heads {
			out = append(out, head+":", strings.Join(columns[k], "\n"), "")
		}
		i = end
	}
	return strings.Join(out, "\n")
}

// headCells are the cells of a line of nothing but labels of different parts.
func headCells(line string) []string {
	if !strings.Contains(line, "|") {
		return nil
	}
	row := cells(line)
	seen := map[string]bool{}
	for _, c := range row {
		p := partOf(c)
		if p == "" || seen[p] {
			return nil
		}
		seen[p] = true
	}
	if len(row) < 2 {
		return nil
	}
	return row
}

// cells are the cells of a row, with or without bars around it.
func cells(line string) []string {
	t := strings.TrimSpace(line)
	t = strings.TrimSuffix(strings.TrimPrefix(t, "|"), "|")
	row := strings.Split(t, "|")
	for i := range row {
		row[i] = strings.TrimSpace(row[i])
	}
	return row
}
