// Format.cpp - lines of statements, their indents, columns and comments; FormatTokens.cpp has the gaps within.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/frontend/Format.h"
#include "compiler/frontend/FormatTokens.h"

#include <algorithm>

namespace batten::frontend {
namespace {

constexpr size_t commentColumn = 77; // counted from 0
constexpr size_t statementGap = 3;
constexpr size_t indentColumns = 2, continuationColumns = 4;

// A token or a comment, as it will be printed.
struct Piece {
  std::string_view text;
  const TokenLayout *layout = nullptr; // null: a comment
  TokenKind kind = TokenKind::End;
  uint32_t begin = 0, end = 0;
};

// One statement, or the part of one, on a line.
struct Cell {
  size_t gap = 0; // to the cell before
  std::string text;
  bool isParameter = false;
  size_t typeAt = 0, barAt = 0; // of a parameter: in `text`
};

struct Line {
  size_t indent = 0;
  std::vector<Cell> cells;
  std::string comment;     // behind them
  bool beginsAnew = true;  // and does not go on with the statement of the line before
  bool isWhole = true;     // no comment or attribute amid the statements
  unsigned lineBreaks = 0; // before it
};

size_t characters(std::string_view text) {
  return size_t(std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xC0) != 0x80; }));
}

std::string_view withoutTrailingBlanks(std::string_view text) {
  size_t last = text.find_last_not_of(" \t\r");
  return text.substr(0, last == std::string_view::npos ? 0 : last + 1);
}

class Formatter {
public:
  Formatter(const SourceFile &file, const TokenList &list)
      : file(file), layouts(layOutTokens(file, list.tokens)), endLayout(layouts.back()) {
    collect(list);
  }

  std::string run() {
    for (at = 0; at < pieces.size();)
      lines.push_back(takeLine());
    alignParameters();
    std::string text;
    for (const Line &line : lines)
      print(line, text);
    return text.empty() ? "" : text + "\n";
  }

private:
  const SourceFile &file;
  std::vector<TokenLayout> layouts;
  TokenLayout endLayout;
  std::vector<Piece> pieces;
  std::vector<Line> lines;
  size_t at = 0; // in `pieces`

  void collect(const TokenList &list) {
    for (size_t i = 0; i + 1 < list.tokens.size(); ++i) {
      const Token &token = list.tokens[i];
      pieces.push_back({file.text(token.range), &layouts[i], token.kind, token.range.begin, token.range.end});
    }
    for (const Comment &comment : list.comments) {
      std::string_view text = file.text(comment.range);
      if (comment.kind != Comment::Kind::Block)
        text = withoutTrailingBlanks(text);
      pieces.push_back({text, nullptr, TokenKind::End, comment.range.begin, comment.range.end});
    }
    std::sort(pieces.begin(), pieces.end(), [](const Piece &a, const Piece &b) { return a.begin < b.begin; });
  }

  //===-- Lines ---------------------------------------------------------------------------------------------------===//

  unsigned lineBreaksBefore(size_t piece) const {
    uint32_t begin = piece == 0 ? 0 : pieces[piece - 1].end;
    std::string_view between = file.text().substr(begin, pieces[piece].begin - begin);
    return unsigned(std::count(between.begin(), between.end(), '\n'));
  }

  // Of the next token from here on: a comment is indented as what follows it.
  const TokenLayout &layoutFrom(size_t piece) const {
    while (piece < pieces.size() && !pieces[piece].layout)
      ++piece;
    return piece < pieces.size() ? *pieces[piece].layout : endLayout;
  }

  size_t indentOf(size_t piece) const {
    const TokenLayout &next = layoutFrom(piece);
    size_t indent = indentColumns * next.depth;
    if (!pieces[piece].layout)
      return indent + (closesBrace(piece) ? indentColumns : 0) + (next.insideList ? continuationColumns : 0);
    TokenKind kind = pieces[piece].kind;
    bool closes = kind == TokenKind::RightBrace || kind == TokenKind::RightParen || kind == TokenKind::RightBracket;
    return indent + (next.startsStatement || closes ? 0 : continuationColumns);
  }

  bool closesBrace(size_t piece) const {
    while (piece < pieces.size() && !pieces[piece].layout)
      ++piece;
    return piece < pieces.size() && pieces[piece].kind == TokenKind::RightBrace;
  }

  Line takeLine() {
    Line line;
    size_t begin = at;
    line.lineBreaks = lineBreaksBefore(begin);
    line.indent = indentOf(begin);
    const TokenLayout &first = layoutFrom(begin);
    line.beginsAnew = first.startsStatement || closesBrace(begin);
    line.isWhole = line.beginsAnew;
    do {
      const Piece &piece = pieces[at];
      bool isLast = at + 1 == pieces.size() || lineBreaksBefore(at + 1) > 0;
      if (piece.layout)
        addToken(line, piece, at == begin);
      else if (isLast && at > begin)
        line.comment = piece.text;
      else
        addComment(line, piece);
      ++at;
    } while (at < pieces.size() && lineBreaksBefore(at) == 0);
    return line;
  }

  void addToken(Line &line, const Piece &piece, bool isFirst) {
    bool isBehindComment = !isFirst && !pieces[at - 1].layout;
    size_t gap = isFirst ? 0 : isBehindComment ? 1 : piece.layout->gap;
    if (isFirst || gap == statementGap) {
      line.cells.push_back({gap, std::string(piece.text), piece.kind == TokenKind::KwParam, 0, 0});
      return;
    }
    Cell &cell = line.cells.back();
    cell.text += std::string(gap, ' ');
    bool beginsType = cell.typeAt == 0 && pieces[at - 1].kind == TokenKind::Colon;
    if (beginsType)
      cell.typeAt = cell.text.size();
    else if (piece.kind == TokenKind::Bar && cell.barAt == 0)
      cell.barAt = cell.text.size();
    cell.text += piece.text;
    if (piece.layout->startsStatement) // behind an attribute or a brace
      line.isWhole = false;
  }

  void addComment(Line &line, const Piece &piece) {
    line.isWhole = false;
    if (line.cells.empty())
      line.cells.emplace_back();
    std::string &text = line.cells.back().text;
    text += (text.empty() ? "" : " ") + std::string(piece.text);
  }

  //===-- Parameters in columns -----------------------------------------------------------------------------------===//

  // Parameters and nothing else, none of which goes on in the next line.
  bool isParameterLine(size_t index) const {
    const Line &line = lines[index];
    bool only = line.isWhole && std::all_of(line.cells.begin(), line.cells.end(),
                                            [](const Cell &cell) { return cell.isParameter && cell.typeAt; });
    return only && (index + 1 == lines.size() || lines[index + 1].beginsAnew);
  }

  void alignParameters() {
    for (size_t begin = 0, end; begin < lines.size(); begin = std::max(end, begin + 1)) {
      size_t count = lines[begin].cells.size();
      for (end = begin; end < lines.size() && isParameterLine(end) && lines[end].cells.size() == count; ++end)
        if (end > begin && lines[end].lineBreaks != 1)
          break;
      if (end < begin + 2)
        continue;
      if (count == 1)
        alignBars(begin, end);
      else
        alignColumns(begin, end, count);
    }
  }

  void alignBars(size_t begin, size_t end) {
    size_t column = 0;
    auto barOf = [](const Cell &cell) { return cell.barAt ? cell.barAt : cell.text.size(); };
    for (size_t i = begin; i < end; ++i)
      column = std::max(column, lines[i].cells[0].barAt);
    for (size_t i = begin; i < end; ++i) {
      Cell &cell = lines[i].cells[0];
      if (barOf(cell) < column)
        cell.text.insert(cell.typeAt, column - barOf(cell), ' ');
    }
  }

  void alignColumns(size_t begin, size_t end, size_t count) {
    for (size_t column = 0; column + 1 < count; ++column) {
      size_t width = 0;
      for (size_t i = begin; i < end; ++i)
        width = std::max(width, characters(lines[i].cells[column].text));
      for (size_t i = begin; i < end; ++i)
        lines[i].cells[column + 1].gap = statementGap + width - characters(lines[i].cells[column].text);
    }
  }

  //===-- Printing ------------------------------------------------------------------------------------------------===//

  void print(const Line &line, std::string &text) const {
    if (!text.empty())
      text += std::string(line.lineBreaks, '\n');
    size_t begin = text.size();
    text += std::string(line.indent, ' ');
    for (const Cell &cell : line.cells)
      text += std::string(cell.gap, ' ') + cell.text;
    if (line.comment.empty())
      return;
    size_t lineBegin = std::max(begin, text.rfind('\n') == std::string::npos ? 0 : text.rfind('\n') + 1);
    size_t column = characters(std::string_view(text).substr(lineBegin));
    text += std::string(std::max(column + statementGap, commentColumn) - column, ' ') + line.comment;
  }
};

} // namespace

std::string format(const SourceFile &file, const TokenList &list) { return Formatter(file, list).run(); }

} // namespace batten::frontend
