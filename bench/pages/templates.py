"""Templates of the bare pages: the rows, a way to the next page, and a form. Nothing around them."""

LIST = """<!doctype html><html lang="zh"><head><meta charset="utf-8"><title>People</title></head><body>
<p>{{ count }}</p><table><thead><tr><th>Name<th>Sex<th>Born<th>Number<th>Phone<th>Kind<th>Area</tr></thead><tbody>
{% for id, uid, name, sex, born, kind, area in rows %}
<tr><td><a href="/show/{{ uid }}">{{ name }}</a></td><td>{{ codes.gender.get(sex, sex) }}</td><td>{{ born }}</td>
<td>{{ numbers.get(id, "") }}</td><td>{{ phones.get(id, "") }}</td><td>{{ codes.population_kind.get(kind, kind) }}</td>
<td>{{ area }}</td><td>{% if ("can_edit", "PersonView") in may %}<a href="/edit/{{ uid }}">Edit</a>{% endif %}</td></tr>
{% endfor %}</tbody></table>
{% if more %}<a href="?after={{ rows[-1][1] }}">Next</a>{% endif %}
{% for kind, found in others|default([]) %}<h2>{{ kind }}</h2><ul>{% for uid, name, area in found %}
<li><a href="/{{ kind }}/{{ uid }}">{{ name }}</a> {{ area }}</li>{% endfor %}</ul>{% endfor %}</body></html>"""

ONE = """<!doctype html><html lang="zh"><head><meta charset="utf-8"><title>Person</title></head><body>
<h1>{{ row["values"].name }}</h1><p>{{ row.area }}</p><dl>
{% for name, value in row["values"].items() %}<dt>{{ name }}</dt><dd>{{ value or "" }}</dd>{% endfor %}
<dt>Number</dt><dd>{{ numbers.get(row.id, "") }}</dd><dt>Phone</dt><dd>{{ phones.get(row.id, "") }}</dd></dl>
<a href="/edit/{{ row.uid }}">Edit</a></body></html>"""

SHOW = """<!doctype html><html lang="zh"><head><meta charset="utf-8"><title>Person</title></head><body>
{% set lists = {"sex": "gender", "employment": "employment_status", "consistency": "household_consistency"} %}
<h1>{{ row["values"].name }}</h1><p>{{ row.area }}</p><dl>
{% for name, value in row["values"].items() %}<dt>{{ name }}</dt>
<dd>{{ codes.get(lists.get(name, name), {}).get(value, value or "") }}</dd>{% endfor %}</dl>
<table>{% for uid, kind, number, first, last in numbers %}
<tr><td><a href="/number/{{ uid }}">{{ kind }}</a></td><td>{{ number }}</td>
<td>{{ first or "" }} - {{ last or "" }}</td></tr>
{% endfor %}</table>
{% for title, lists, lines in tables %}<h2>{{ title }}</h2><table>{% for uid, first, last, words in lines %}
<tr><td><a href="/row/{{ uid }}">{{ first or "" }} - {{ last or "" }}</a></td>{% for word in words %}
<td>{{ codes.get(lists[loop.index0], {}).get(word, word or "") }}</td>{% endfor %}</tr>{% endfor %}</table>{% endfor %}
<ol>{% for day, key, line, lists in moments %}<li>{{ day[:10] }} <a href="/row/{{ line[0] }}">{{ key }}
{{ codes.get(lists[0], {}).get(line[3][0], line[3][0] or "") }}</a></li>{% endfor %}</ol>
<a href="/edit/{{ row.uid }}">Edit</a></body></html>"""

FORM = """<!doctype html><html lang="zh"><head><meta charset="utf-8"><title>Person</title></head><body>
<form method="post"><input type="hidden" name="version" value="{{ row.version }}">
{% set lists = {"sex": "gender", "employment": "employment_status", "consistency": "household_consistency"} %}
{% for name, value in row["values"].items() %}{% set codes_of = codes.get(lists.get(name, name)) %}
<label>{{ name }} {% if codes_of %}<select name="{{ name }}"><option value=""></option>
{% for code, label in codes_of.items() %}
<option value="{{ code }}"{% if code == value %} selected{% endif %}>{{ label }}</option>
{% endfor %}</select>{% else %}<input name="{{ name }}" value="{{ value or "" }}">{% endif %}</label>
{% endfor %}<button>Save</button></form></body></html>"""

COUNTS = """<!doctype html><html lang="zh"><head><meta charset="utf-8"><title>Counts</title></head><body><ul>
{% for uid, name, n in rows %}<li><a href="/counts?area={{ uid }}">{{ name }}</a> {{ n }}</li>
{% endfor %}</ul></body></html>"""
