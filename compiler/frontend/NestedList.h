// NestedList.h - lists of lists as text: `(head element (head element))`.
//
// A list is written on one line if it fits and with its elements beneath each other if not.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef BATTEN_COMPILER_FRONTEND_NESTEDLIST_H
#define BATTEN_COMPILER_FRONTEND_NESTEDLIST_H

#include <string>
#include <utility>
#include <vector>

namespace batten::frontend {

// (head elements...), or a lone word when `isList` is false.
struct NestedList {
  std::string head;
  std::vector<NestedList> elements;
  bool isList = false;
  size_t width = 0; // on one line

  static NestedList word(std::string text) {
    size_t width = text.size();
    return {std::move(text), {}, false, width};
  }

  static NestedList list(std::string head) {
    NestedList node{std::move(head), {}, true, 0};
    node.width = node.head.size() + 2;
    return node;
  }

  NestedList &add(NestedList element) {
    width += 1 + element.width;
    elements.push_back(std::move(element));
    return *this;
  }
  NestedList &add(std::string text) { return add(word(std::move(text))); }
};

inline void write(const NestedList &node, size_t indent, size_t closing, std::string &text) {
  constexpr size_t columns = 100;
  text += (node.isList ? "(" : "") + node.head;
  bool fits = indent + node.width + closing <= columns;
  for (size_t i = 0; i < node.elements.size(); ++i) {
    const NestedList &element = node.elements[i];
    // Words stay on the line of their head; the first list begins the column.
    bool inLine = fits || (!element.isList && text.back() != ')');
    text += inLine ? " " : "\n" + std::string(indent + 2, ' ');
    write(element, inLine ? 0 : indent + 2, i + 1 == node.elements.size() ? closing + 1 : 0, text);
  }
  text += node.isList ? ")" : "";
}

} // namespace batten::frontend

#endif
