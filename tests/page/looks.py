"""What can be measured of a page's looks in a browser: hues, contrast, sizes of targets, and axe-core's rules."""

from __future__ import annotations

from typing import Any

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

GREEN = (90, 160)
"""Degrees of hue that no colour has: green says that all is well, and this page never says so."""
LEAST_CONTRAST = 4.5
SMALLEST_TARGET = 44
COLOURS = """
(between) => {
  const found = new Set();
  const hue = (r, g, b) => {
    const max = Math.max(r, g, b), min = Math.min(r, g, b), d = max - min;
    if (d < 10) return null;
    const h = max === r ? (g - b) / d : max === g ? 2 + (b - r) / d : 4 + (r - g) / d;
    return (h * 60 + 360) % 360;
  };
  const painted = /color|^fill$|^stroke$|background-image|shadow|border-image/;
  const properties = [...getComputedStyle(document.body)].filter(each => painted.test(each));
  for (const element of document.querySelectorAll('body, body *')) {
    const drawn = ['::before', '::after'].filter(each => getComputedStyle(element, each).content !== 'none');
    for (const part of [null, ...drawn, ...(element.tagName === 'SUMMARY' ? ['::marker'] : [])]) {
      const style = getComputedStyle(element, part);
      for (const property of properties) {
        const value = style.getPropertyValue(property);
        if (/\\b(oklch|oklab|lch|lab|hsl|hwb|color)\\(/.test(value)) found.add(`unread: ${property} ${value}`);
        for (const [text, list] of value.matchAll(/rgba?\\(([^)]+)\\)/g)) {
          const [r, g, b, a = 1] = list.split(/[ ,/]+/).map(Number);
          const h = a === 0 ? null : hue(r, g, b);
          if (h !== null && h >= between[0] && h <= between[1])
            found.add(`${element.tagName}.${element.getAttribute('class')}${part || ''} ${property}: ${text}`);
        }
      }
    }
  }
  return [...found];
}
"""
CONTRASTS = """
(least) => {
  const numbers = text => text.split(/[ ,/]+/).map(Number);
  const colours = value => [...value.matchAll(/rgba?\\(([^)]+)\\)/g)].map(([, list]) => numbers(list));
  const over = ([r, g, b, a = 1], [x, y, z]) => [r * a + x * (1 - a), g * a + y * (1 - a), b * a + z * (1 - a)];
  const light = rgb => {
    const [r, g, b] = rgb.map(c => (c /= 255) <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const ratio = (one, other) => {
    const [low, high] = [light(one), light(other)].sort((a, b) => a - b);
    return (high + 0.05) / (low + 0.05);
  };
  const grounds = element => {
    if (!element) return [[255, 255, 255]];
    const style = getComputedStyle(element), below = grounds(element.parentElement);
    const plain = below.map(each => over(colours(style.backgroundColor)[0] || [0, 0, 0, 0], each));
    const stops = style.backgroundImage.includes('gradient') ? colours(style.backgroundImage) : [];
    return stops.length ? plain.flatMap(each => stops.map(stop => over(stop, each))) : plain;
  };
  const found = [], walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement, text = walker.currentNode.data.trim();
    if (!text || ['SCRIPT', 'STYLE', 'NOSCRIPT', 'TITLE', 'DESC'].includes(element.tagName.toUpperCase())) continue;
    if (!element.checkVisibility({checkOpacity: true, checkVisibilityCSS: true})) continue;
    const style = getComputedStyle(element), drawn = element.closest('svg') !== null;
    const ink = colours(drawn ? style.fill : style.color)[0];
    let opacity = 1;
    for (let each = element; each; each = each.parentElement) opacity *= Number(getComputedStyle(each).opacity);
    ink[3] = (ink[3] ?? 1) * opacity;
    const worst = Math.min(...grounds(element).map(ground => ratio(over(ink, ground), ground)));
    if (worst < least) found.push(`${worst.toFixed(2)} ${element.tagName}.${element.getAttribute('class')}: ${text}`);
  }
  return found;
}
"""
TARGETS = """
(least) => [...document.querySelectorAll('a, button, input, select, summary, [role=button]')]
  .filter(each => each.type !== 'hidden' && each.checkVisibility({checkVisibilityCSS: true}))
  .map(each => [each, each.getBoundingClientRect()])
  .filter(([each, box]) => box.width && (box.width < least || box.height < least) && !each.matches(':not(:focus).skip'))
  .map(([each, box]) => `${each.tagName} ${each.textContent.trim()}: ${box.width.toFixed(0)}x${box.height.toFixed(0)}`)
"""
TOO_WIDE = "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"
BEYOND = """
() => [...document.querySelectorAll('body *')]
  .filter(each => each.getBoundingClientRect().right > document.documentElement.clientWidth + 1)
  .filter(each => !each.closest('.scrolls') && !each.closest('.aside'))
  .map(each => `${each.tagName}.${each.getAttribute('class')}#${each.id}`).slice(0, 5)
"""


def green(page: Page) -> list[str]:
    """Return each computed colour, of any element's any property, whose hue is between yellow-green and cyan."""
    found: list[str] = page.evaluate(COLOURS, list(GREEN))
    return found


def faint(page: Page) -> list[str]:
    """Return each text whose contrast to what it stands on is too low: of a hatched ground to each of its colours."""
    found: list[str] = page.evaluate(CONTRASTS, LEAST_CONTRAST)
    return found


def small_targets(page: Page) -> list[str]:
    """Return what can be pressed and is smaller than a finger in a glove."""
    found: list[str] = page.evaluate(TARGETS, SMALLEST_TARGET)
    return found


def sideways(page: Page) -> list[str]:
    """Return the first elements that lie beyond a page's right edge, where it must be scrolled sideways."""
    over: int = page.evaluate(TOO_WIDE)
    return [f"{over} px beyond the right edge: {page.evaluate(BEYOND)}"] if over > 0 else []


def violations(page: Page) -> list[str]:
    """Return what axe-core finds against its rules, each with the first element."""
    found: list[dict[str, Any]] = Axe().run(page).response["violations"]
    return [f"{each['id']}: {each['help']} {each['nodes'][0]['html'][:120]}" for each in found]


def find_faults(page: Page) -> list[str]:
    """Return all that is wrong with a page's looks."""
    return [*violations(page), *green(page), *faint(page), *small_targets(page), *sideways(page)]
