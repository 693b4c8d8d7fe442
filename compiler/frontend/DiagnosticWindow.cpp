// DiagnosticWindow.cpp - draws the source window of a diagnostic.
//
// Takes the primary and the secondary ranges; shows every line one of them begins on, with `^` or `-` beneath and the
// labels after or below the underlines. A range that goes on to further lines is underlined to the end of its first.
//
// A source line is shown as it is but for what would break the picture: tabs become spaces, and control characters
// and bytes that are no UTF-8 become \xE9 (a terminal must not obey the source file). So a byte offset has to be
// translated into a display column; wide characters take two.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/frontend/DiagnosticWindow.h"

#include <algorithm>
#include <map>

namespace batten::frontend {
namespace {

constexpr unsigned tabColumns = 4;

uint32_t decode(std::string_view text, size_t offset, unsigned length) {
  uint32_t value = uint8_t(text[offset]);
  if (length > 1)
    value &= 0xFFu >> (length + 1);
  for (unsigned i = 1; i < length; ++i)
    value = value << 6 | (uint8_t(text[offset + i]) & 0x3F);
  return value;
}

// Columns a terminal gives a character: the blocks that matter, not the whole of Unicode's tables.
unsigned displayWidth(uint32_t character) {
  auto within = [&](uint32_t low, uint32_t high) { return character >= low && character <= high; };
  if (within(0x300, 0x36F) || within(0x200B, 0x200F) || within(0x20D0, 0x20FF) || within(0xFE00, 0xFE0F))
    return 0;
  if (within(0x1100, 0x115F) || within(0x2E80, 0xA4CF) || within(0xAC00, 0xD7A3) || within(0xF900, 0xFAFF) ||
      within(0xFE30, 0xFE6F) || within(0xFF00, 0xFF60) || within(0xFFE0, 0xFFE6) || within(0x1F300, 0x1FAFF) ||
      within(0x20000, 0x3FFFD))
    return 2;
  return 1;
}

// C1 controls and the bidirectional ones could hide or reorder what is shown.
bool isControl(uint32_t character) {
  return character < 0x20 || (character >= 0x7F && character < 0xA0) || (character >= 0x202A && character <= 0x202E) ||
         (character >= 0x2066 && character <= 0x2069);
}

std::string escapedBytes(std::string_view bytes) {
  static const char digits[] = "0123456789ABCDEF";
  std::string text;
  for (char byte : bytes)
    text += {'\\', 'x', digits[uint8_t(byte) >> 4], digits[uint8_t(byte) & 15]};
  return text;
}

// One displayed piece of a source line: a character, an escape or a tab.
struct Cell {
  std::string text;
  unsigned column; // where it begins
  unsigned width;
};

struct DisplayLine {
  std::vector<Cell> cells;
  std::vector<unsigned> columnOfByte; // one more than bytes: the last is the end of the line
};

DisplayLine layOut(std::string_view line) {
  DisplayLine display;
  unsigned column = 0;
  for (size_t i = 0; i < line.size();) {
    unsigned length = utf8SequenceLength(line, i);
    uint32_t character = length ? decode(line, i, length) : 0;
    unsigned bytes = std::max(1u, length);
    Cell cell{std::string(line.substr(i, bytes)), column, length ? displayWidth(character) : 0};
    if (character == '\t') {
      cell.width = tabColumns - column % tabColumns;
      cell.text = std::string(cell.width, ' ');
    } else if (length == 0 || isControl(character)) {
      cell.text = escapedBytes(line.substr(i, bytes));
      cell.width = unsigned(cell.text.size());
    }
    display.columnOfByte.insert(display.columnOfByte.end(), bytes, column);
    column += cell.width;
    display.cells.push_back(std::move(cell));
    i += bytes;
  }
  display.columnOfByte.push_back(column);
  return display;
}

// A range on one line, in display columns.
struct Mark {
  unsigned begin, end;
  bool primary;
  std::string label;
};

class LinePainter {
public:
  LinePainter(std::string_view line, uint32_t lineBegin, const DiagnosticOptions &options)
      : display(layOut(line)), lineBegin(lineBegin), options(options) {}

  void mark(const SourceRange &range, bool primary, std::string label) {
    size_t last = display.columnOfByte.size() - 1;
    unsigned begin = display.columnOfByte[std::min<size_t>(range.begin - lineBegin, last)];
    unsigned end = display.columnOfByte[std::min<size_t>(std::max(range.begin, range.end) - lineBegin, last)];
    marks.push_back({begin, std::max(end, begin + 1), primary, std::move(label)});
  }

  // The line itself and the rows beneath it, without gutters.
  std::vector<std::string> paint() {
    std::sort(marks.begin(), marks.end(),
              [](const Mark &a, const Mark &b) { return std::pair(a.begin, a.end) < std::pair(b.begin, b.end); });
    std::vector<std::string> rows{cut()};
    paintMarks(rows);
    return rows;
  }

private:
  // Chooses the part of a long line to show, moves the marks into it and returns it.
  std::string cut() {
    unsigned width = display.columnOfByte.back(), limit = options.windowColumns, begin = 0;
    auto main = std::find_if(marks.begin(), marks.end(), [](const Mark &mark) { return mark.primary; });
    unsigned wanted = main == marks.end() ? marks.front().begin : main->begin;
    if (width > limit && wanted + limit / 3 > limit)
      begin = std::min(wanted - limit / 3, width - limit);
    unsigned end = std::min(width, begin + limit);
    std::string text = begin ? "..." : "";
    unsigned shift = unsigned(text.size());
    for (const Cell &cell : display.cells)
      if (cell.column >= begin && cell.column + cell.width <= end)
        text += cell.text;
    if (end < width)
      text += "...";
    for (Mark &mark : marks) {
      mark.begin = std::clamp(mark.begin, begin, end) - begin + shift;
      mark.end = std::max(mark.begin + 1, std::clamp(mark.end, begin, end) - begin + shift);
    }
    return text;
  }

  void paintMarks(std::vector<std::string> &rows) {
    std::vector<const Mark *> labelled;
    const Mark *last = &marks.front(), *main = nullptr;
    for (const Mark &mark : marks) {
      last = mark.end >= last->end ? &mark : last;
      main = mark.primary ? &mark : main;
      if (!mark.label.empty())
        labelled.push_back(&mark);
    }
    // One label may stand behind the last underline: the last mark's own, the primary's if that has none, or the only.
    const Mark *inRow = !last->label.empty()           ? last
                        : main && !main->label.empty() ? main
                        : labelled.size() == 1         ? labelled.front()
                                                       : nullptr;
    rows.push_back(underlines());
    if (inRow)
      rows.back() += " " + paintText(inRow->label, *inRow);
    std::erase(labelled, inRow);
    if (!labelled.empty())
      rows.push_back(stems(labelled, nullptr));
    for (; !labelled.empty(); labelled.pop_back())
      rows.push_back(stems({labelled.begin(), labelled.end() - 1}, labelled.back()));
  }

  std::string underlines() const {
    unsigned end = 0;
    for (const Mark &mark : marks)
      end = std::max(end, mark.end);
    std::vector<const Mark *> owner(end, nullptr);
    for (bool primary : {false, true})
      for (const Mark &mark : marks)
        if (mark.primary == primary)
          std::fill(owner.begin() + mark.begin, owner.begin() + mark.end, &mark);
    std::string row;
    for (size_t i = 0, next; i < end; i = next) {
      for (next = i; next < end && owner[next] == owner[i]; ++next)
        ;
      row += owner[i] ? paintText(std::string(next - i, owner[i]->primary ? '^' : '-'), *owner[i])
                      : std::string(next - i, ' ');
    }
    return row;
  }

  // A row of `|` under each mark whose label is still to come, ending in the label of `spoken`.
  std::string stems(const std::vector<const Mark *> &waiting, const Mark *spoken) const {
    std::string row;
    unsigned column = 0;
    auto put = [&](const Mark &mark, std::string text) {
      if (mark.begin < column)
        return;
      row += std::string(mark.begin - column, ' ');
      column = mark.begin + unsigned(text.size());
      row += paintText(std::move(text), mark);
    };
    for (const Mark *mark : waiting)
      put(*mark, "|");
    if (spoken)
      put(*spoken, spoken->label);
    return row;
  }

  std::string paintText(std::string text, const Mark &mark) const {
    return styled(std::move(text), mark.primary ? Style::Primary : Style::Secondary, options.colour);
  }

  DisplayLine display;
  uint32_t lineBegin;
  const DiagnosticOptions &options;
  std::vector<Mark> marks;
};

} // namespace

std::string styled(std::string text, Style style, bool colour) {
  static const char *const codes[] = {"",           "\x1b[1m",    "\x1b[1;31m", "\x1b[1;35m",
                                      "\x1b[1;36m", "\x1b[1;34m", "\x1b[1;32m", "\x1b[34m"};
  if (!colour || style == Style::Plain || text.empty())
    return text;
  return codes[size_t(style)] + text + "\x1b[0m";
}

Window drawWindow(const Sources &sources, const Diagnostic &diagnostic, const DiagnosticOptions &options) {
  Window window;
  if (!diagnostic.range)
    return window;
  const SourceFile &file = sources.file(diagnostic.range->file);
  std::map<uint32_t, LinePainter> lines;
  auto mark = [&](const SourceRange &range, bool primary, const std::string &label) {
    uint32_t number = file.position(range.begin).line;
    auto [line, isNew] = lines.try_emplace(number, file.line(number), file.lineBegin(number), options);
    line->second.mark(range, primary, label);
  };
  mark(*diagnostic.range, true, diagnostic.primaryLabel);
  for (const LabelledRange &secondary : diagnostic.secondaries)
    if (secondary.range.file == diagnostic.range->file)
      mark(secondary.range, false, secondary.label);

  window.gutterDigits = unsigned(std::to_string(lines.rbegin()->first).size());
  std::string blank(window.gutterDigits, ' ');
  uint32_t previous = lines.begin()->first;
  for (auto &[number, painter] : lines) {
    if (number > previous + 1)
      window.text += styled("...", Style::Gutter, options.colour) + "\n";
    previous = number;
    std::string gutter = std::to_string(number);
    gutter = std::string(window.gutterDigits - gutter.size(), ' ') + gutter;
    for (const std::string &row : painter.paint()) {
      window.text += styled(gutter + " |", Style::Gutter, options.colour) + (row.empty() ? "" : " " + row) + "\n";
      gutter = blank;
    }
  }
  return window;
}

} // namespace batten::frontend
